//! Six languages: our own small clients, and the platform's sample that a program of today was made of.

use super::escaped;

/// A language with what is shown of it.
struct Language {
    name: &'static str,
    /// How the platform's page titles its sample.
    page_title: &'static str,
    /// The file to copy into a program.
    source: &'static str,
    /// Its path in the repository.
    path: &'static str,
}

const LANGUAGES: [Language; 6] = [
    Language {
        name: "Python",
        page_title: "Python",
        source: include_str!("../../../../clients/python/sunsweep.py"),
        path: "clients/python/sunsweep.py",
    },
    Language {
        name: "PHP",
        page_title: "Php",
        source: include_str!("../../../../clients/php/Sunsweep.php"),
        path: "clients/php/Sunsweep.php",
    },
    Language {
        name: "Java",
        page_title: "Java",
        source: concat!(
            include_str!("../../../../clients/java/src/main/java/sunsweep/Signing.java"),
            "\n",
            include_str!("../../../../clients/java/src/main/java/sunsweep/Client.java"),
        ),
        path: "clients/java/src/main/java/sunsweep/",
    },
    Language {
        name: "Go",
        page_title: "Go",
        source: include_str!("../../../../clients/go/sunsweep.go"),
        path: "clients/go/sunsweep.go",
    },
    Language {
        name: "Shell",
        page_title: "Shell",
        source: include_str!("../../../../clients/shell/sunsweep.sh"),
        path: "clients/shell/sunsweep.sh",
    },
    Language {
        name: "Node",
        page_title: "Node",
        source: include_str!("../../../../clients/node/sunsweep.js"),
        path: "clients/node/sunsweep.js",
    },
];

/// The page of the platform, as merchants know it.
const PLATFORM_PAGE: &str = include_str!("../../../../docs/collection-api.md");

/// The section with all of them.
pub(super) fn html() -> String {
    let clients: String = LANGUAGES
        .iter()
        .map(|language| listing("client", language.name, language.path, language.source))
        .collect();
    let samples: String = LANGUAGES
        .iter()
        .filter_map(|language| Some((language.name, platform_sample(language.page_title)?)))
        .map(|(name, code)| listing("sample", name, "", code))
        .collect();
    format!(
        "<section id=\"samples\">\n<h2>Samples</h2>\n<p>Complete, small clients that sign, order, \
         query and check callbacks, with the libraries that merchants use. Copy the file into your \
         program.</p>\n{clients}<h3>The platform&#39;s own samples</h3>\n<p>As its page shows them; a \
         program that was made from one of them works here after a change of URL and key. Two do not \
         run as printed: the Go one misses an import, and the shell one must say <code>xxd -p -c \
         64</code>.</p>\n{samples}</section>\n"
    )
}

fn listing(group: &str, name: &str, path: &str, code: &str) -> String {
    let path = match path {
        "" => String::new(),
        path => format!("<p class=\"path\"><code>{}</code></p>\n", escaped(path)),
    };
    format!(
        "<details name=\"{group}\">\n<summary>{name}</summary>\n{path}<pre><code>{}</code></pre>\n\
         </details>\n",
        escaped(code.trim())
    )
}

/// The code below a title of the page.
fn platform_sample(title: &str) -> Option<&'static str> {
    let after = PLATFORM_PAGE.split_once(&format!("<CodeGroupItem title=\"{title}\""))?.1;
    let fenced = after.split_once("```")?.1;
    Some(fenced.split_once('\n')?.1.split_once("```")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_sample_of_the_platform() {
        for language in LANGUAGES {
            let sample = platform_sample(language.page_title).unwrap();
            assert!(sample.contains("receive_address"), "{}", language.name);
            assert!(language.source.contains("HMAC") || language.source.contains("hmac"));
        }
    }
}
