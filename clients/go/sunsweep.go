// A merchant's view of sunsweep: place collect orders, query them, verify callbacks.
// Standard library only.

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	// windowSecs is how far a callback's TIMESTAMP may lie from our clock, in either direction.
	windowSecs = 300
	// maxBodyBytes bounds what is read from the network, answers and callbacks alike.
	maxBodyBytes = 64 * 1024
)

// Fields is a JSON object whose numbers stay text, so that none is rounded.
type Fields map[string]any

// Refused says that the server answered, and the answer is no.
type Refused struct {
	Status int
	Answer Fields
}

func (r *Refused) Error() string {
	return fmt.Sprintf("refused with HTTP %d: %s", r.Status, canonical(r.Answer))
}

// Client is one merchant key at one server.
type Client struct {
	base, key, secret string
	http              *http.Client
}

// NewClient makes a client whose every call ends within 30 s and follows no redirects.
func NewClient(base, key, secret string) *Client {
	return &Client{
		base:   strings.TrimRight(base, "/") + "/api/v1/frontend",
		key:    key,
		secret: secret,
		http: &http.Client{
			Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
	}
}

// Collect places the order that `fields` describe; empty strings are left out.
func (c *Client) Collect(fields Fields) (Fields, error) {
	asked := Fields{}
	for name, value := range fields {
		if value != "" {
			asked[name] = value
		}
	}
	body := canonical(asked)
	request, err := http.NewRequest("POST", c.base+"/order/collect-manual", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	request.Header.Set("TIMESTAMP", timestamp)
	request.Header.Set("SIGNATURE", sign(c.secret, timestamp, body))
	request.Header.Set("Content-Type", "application/json")
	return c.call(request)
}

// Query finds one order by "serial", or the newest one by "out_trade_no".
func (c *Client) Query(name, value string) (Fields, error) {
	address := c.base + "/order/query?" + url.Values{name: {value}}.Encode()
	request, err := http.NewRequest("GET", address, nil)
	if err != nil {
		return nil, err
	}
	return c.call(request)
}

// call returns the answer if it is a yes. A yes is HTTP 200 *and* errno 0.
func (c *Client) call(request *http.Request) (Fields, error) {
	request.Header.Set("API-KEY", c.key)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes))
	if err != nil {
		return nil, err
	}
	answer, err := parse(body)
	if err != nil {
		answer = Fields{"detail": "the answer is not a JSON object"}
	}
	if response.StatusCode != http.StatusOK || answer["errno"] != json.Number("0") {
		return nil, &Refused{response.StatusCode, answer}
	}
	return answer, nil
}

// verifyCallback returns the fields of a genuine, fresh callback and an error for any other.
//
// `body` is the request's bytes. Remember the "serial" of what this returns: the same callback
// comes again if our HTTP 200 got lost.
func verifyCallback(secret, timestamp, signature string, body []byte, now time.Time) (Fields, error) {
	seconds, err := strconv.ParseUint(timestamp, 10, 32)
	if err != nil {
		return nil, errors.New("TIMESTAMP is not a number of seconds")
	}
	skew := now.Unix() - int64(seconds)
	if skew > windowSecs || skew < -windowSecs {
		return nil, errors.New("TIMESTAMP is too far from our clock")
	}
	fields, err := parse(body)
	if err != nil {
		return nil, errors.New("the body is not JSON")
	}
	if _, isText := fields["serial"].(string); !isText {
		return nil, errors.New("the body is not a callback")
	}
	wanted := sign(secret, timestamp, canonical(fields))
	if !hmac.Equal([]byte(wanted), []byte(strings.ToLower(signature))) {
		return nil, errors.New("SIGNATURE does not match")
	}
	return fields, nil
}

func parse(body []byte) (Fields, error) {
	var fields Fields
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(&fields)
	return fields, err
}

// canonical is sorted, compact, ASCII JSON: the one form that is signed.
func canonical(fields Fields) string {
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	// The default would turn <, > and & into escapes that nobody else writes.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		// Fields come from parse or from text and numbers, which always encode.
		panic(err)
	}
	var ascii strings.Builder
	for _, char := range strings.TrimSuffix(raw.String(), "\n") {
		if char < 0x80 {
			ascii.WriteRune(char)
			continue
		}
		for _, unit := range utf16.Encode([]rune{char}) {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	return ascii.String()
}

// sign is the lower-case hex HMAC-SHA256; the secret is used as text, not decoded.
func sign(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "&" + body))
	return hex.EncodeToString(mac.Sum(nil))
}
