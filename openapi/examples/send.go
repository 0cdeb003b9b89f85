// Sends one message and acts on `delivery` and `retryable`. Needs Go 1.19 or newer, no module.
//
// Usage: go build send.go && SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send message.json
// Exit status: 0 accepted, 3 not sent, 2 unknown (look the message up before you send it again).
// Any other status is a crash, and means unknown too.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	repeats      = 3
	longestPause = 60 // seconds; a mail that is to be repeated later is given up
)

// post returns the answer and its Retry-After; an empty answer where smsp gave none.
func post(client *http.Client, header http.Header, body []byte) (answer map[string]any, retryAfter string) {
	request, err := http.NewRequest(http.MethodPost, os.Getenv("SMSP_URL")+"/email", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = header
	request.GetBody = nil // A request with an Idempotency-Key is repeated by net/http itself, also what is unknown.
	response, err := client.Do(request)
	var text []byte
	if err == nil {
		defer response.Body.Close()
		retryAfter = response.Header.Get("Retry-After")
		text, err = io.ReadAll(response.Body) // to its end: an answer that breaks off is none
	}
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		log.Printf("no answer from smsp: %v", err)
		return nil, ""
	}
	return answer, retryAfter
}

func randomID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("%x", id)
}

// seconds reads a Retry-After: a whole number, else 1, also for a date.
func seconds(retryAfter string) uint64 {
	number, err := strconv.ParseUint(retryAfter, 10, 32) // the greatest of them, if it is greater still
	if errors.Is(err, strconv.ErrSyntax) {
		return 1
	}
	return number
}

func inJSON(value any) string {
	text, _ := json.Marshal(value) // what came as JSON can be written as JSON
	return string(text)
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: send message.json")
	}
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	timeout, err := time.ParseDuration(os.Getenv("SMSP_TIMEOUT") + "s")
	if err != nil {
		timeout = 25 * time.Second // above SMSP_REQUEST_DEADLINE and the times of a store
	}
	requestID := randomID() // finds the call in smsp's log
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("X-API-KEY", os.Getenv("SMSP_API_KEY"))
	header.Set("Idempotency-Key", randomID()) // Every message has its own; a repeat has that of its first call.
	header.Set("X-Request-Id", requestID)

	// A redirect is no answer of smsp, and its target must not get the API key.
	noRedirects := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Timeout: timeout, CheckRedirect: noRedirects}
	for repeatsLeft := repeats; ; repeatsLeft-- {
		answer, retryAfter := post(client, header, body)
		delivery, pause := answer["delivery"], seconds(retryAfter)
		switch {
		case delivery == "accepted" || delivery == "queued":
			fmt.Println(delivery, answer["id"])
			return
		case delivery == "none" && answer["retryable"] == true && repeatsLeft > 0 && pause <= longestPause:
			time.Sleep(time.Duration(pause) * time.Second)
		case delivery == "none":
			fmt.Fprintln(os.Stderr, "not sent:", answer["title"], answer["detail"], inJSON(answer["errors"]))
			os.Exit(3)
		default: // Also every answer that is not from smsp, such as a gateway's page.
			lookup := map[string]any{"id": answer["id"], "lookup": answer["lookup"]}
			fmt.Fprintf(os.Stderr, "unknown: request %s: %s\n", requestID, inJSON(lookup))
			os.Exit(2)
		}
	}
}
