// Command line around sunsweep.go; the same in every language, see ../README.md.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		usage("say collect, query or listen")
	}
	verb, rest := os.Args[1], os.Args[2:]
	var err error
	switch verb {
	case "collect":
		err = collect(rest)
	case "query":
		err = query(rest)
	case "listen":
		err = listen(rest)
	default:
		usage("say collect, query or listen")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", verb, err)
		os.Exit(1)
	}
}

func usage(why string) {
	fmt.Fprintf(os.Stderr, "client: %s; see clients/README.md\n", why)
	os.Exit(2)
}

func collect(arguments []string) error {
	flags := flag.NewFlagSet("collect", flag.ExitOnError)
	base := flags.String("url", "", "base URL of the server")
	key := flags.String("key", "", "API key")
	secret := flags.String("secret", "", "API secret")
	receive := flags.String("receive", "", "payment address")
	to := flags.String("to", "", "where its USDT will go")
	callback := flags.String("callback", "", "callback URL")
	reference := flags.String("reference", "", "your own order number")
	scene := flags.Int("scene", 0, "0, 1 or 2")
	flags.Parse(arguments)
	fallBack(key, "SUNSWEEP_API_KEY")
	fallBack(secret, "SUNSWEEP_API_SECRET")
	need("url", *base, "key", *key, "secret", *secret, "receive", *receive)
	return show(NewClient(*base, *key, *secret).Collect(Fields{
		"scene":           *scene,
		"receive_address": *receive,
		"to_address":      *to,
		"callback_url":    *callback,
		"out_trade_no":    *reference,
	}))
}

func query(arguments []string) error {
	flags := flag.NewFlagSet("query", flag.ExitOnError)
	base := flags.String("url", "", "base URL of the server")
	key := flags.String("key", "", "API key")
	serial := flags.String("serial", "", "order number of the server")
	reference := flags.String("reference", "", "your own order number")
	flags.Parse(arguments)
	fallBack(key, "SUNSWEEP_API_KEY")
	need("url", *base, "key", *key)
	if (*serial == "") == (*reference == "") {
		usage("give --serial or --reference")
	}
	name, value := "serial", *serial
	if value == "" {
		name, value = "out_trade_no", *reference
	}
	return show(NewClient(*base, *key, "").Query(name, value))
}

// fallBack takes an option that was not given from the environment. It is not the flag's default,
// because the help text prints defaults.
func fallBack(value *string, variable string) {
	if *value == "" {
		*value = os.Getenv(variable)
	}
}

func need(namesAndValues ...string) {
	for i := 0; i < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			usage("--" + namesAndValues[i] + " is missing")
		}
	}
}

func show(answer Fields, err error) error {
	var refused *Refused
	if errors.As(err, &refused) {
		answer = refused.Answer
	}
	if answer != nil {
		fmt.Println(canonical(answer))
	}
	return err
}

// event is one verified callback, or why one was refused.
type event struct {
	fields  Fields
	refused error
}

func listen(arguments []string) error {
	flags := flag.NewFlagSet("listen", flag.ExitOnError)
	port := flags.Int("port", -1, "port on 127.0.0.1; 0 picks a free one")
	secret := flags.String("secret", "", "API secret")
	count := flags.Int("count", 0, "callbacks to wait for")
	maxSeconds := flags.Int("max-seconds", 300, "longest wait")
	flags.Parse(arguments)
	fallBack(secret, "SUNSWEEP_API_SECRET")
	need("secret", *secret)
	if *port < 0 || *count < 1 {
		usage("--port or --count is missing")
	}

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	events := make(chan event)
	server := &http.Server{
		Handler:     receiver(*secret, events),
		ReadTimeout: 10 * time.Second,
	}
	go server.Serve(listener)
	fmt.Fprintf(os.Stderr, "listening on %s\n", listener.Addr())

	seen := map[any]bool{}
	tooLate := time.After(time.Duration(*maxSeconds) * time.Second)
	for len(seen) < *count {
		select {
		case event := <-events:
			if event.refused != nil {
				return event.refused
			}
			// The same serial again means that our 200 got lost: it was dealt with already.
			if !seen[event.fields["serial"]] {
				seen[event.fields["serial"]] = true
				fmt.Println(canonical(event.fields))
			}
		case <-tooLate:
			return fmt.Errorf("only %d of %d callbacks in %d s", len(seen), *count, *maxSeconds)
		}
	}
	return nil
}

// receiver answers 200 to a genuine callback and 401 to anything else. The answer leaves before
// the event is told, because main may end the process on the last event.
func receiver(secret string, events chan<- event) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, maxBodyBytes))
		if err != nil {
			return
		}
		fields, refused := verifyCallback(secret, request.Header.Get("TIMESTAMP"),
			request.Header.Get("SIGNATURE"), body, time.Now())
		response.Header().Set("Content-Length", "0")
		if refused != nil {
			response.WriteHeader(http.StatusUnauthorized)
		} else {
			response.WriteHeader(http.StatusOK)
		}
		if flusher, can := response.(http.Flusher); can {
			flusher.Flush()
		}
		events <- event{fields, refused}
	}
}
