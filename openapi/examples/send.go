// Sends one message and acts on `delivery` and `retryable`. Needs Go 1.19 or newer, no module.
//
// Usage: go build send.go && SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send message.json
// Exit status: 0 accepted, 1 not sent, 2 unknown (look the message up before you send it again).
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

const repeats = 3

type answer struct {
	ID, Delivery, Title, Detail string
	Retryable                   bool
	Errors                      []struct{ Field, Reason string }
	Lookup                      json.RawMessage
}

// post returns the answer and its Retry-After; an empty answer where smsp gave none.
func post(client *http.Client, header http.Header, body []byte) (found answer, retryAfter string) {
	request, err := http.NewRequest(http.MethodPost, os.Getenv("SMSP_URL")+"/email", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = header
	request.GetBody = nil // A request with an Idempotency-Key is repeated by net/http itself, also what is unknown.
	response, err := client.Do(request)
	if err == nil {
		defer response.Body.Close()
		err = json.NewDecoder(response.Body).Decode(&found)
	}
	if err != nil {
		log.Printf("no answer from smsp: %v", err)
		return answer{}, ""
	}
	return found, response.Header.Get("Retry-After")
}

func randomID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("%x", id)
}

// seconds returns the time that the text says, and by default another.
func seconds(text string, byDefault time.Duration) time.Duration {
	if duration, err := time.ParseDuration(text + "s"); err == nil {
		return duration
	}
	return byDefault
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: send message.json")
	}
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	requestID := randomID() // finds the call in smsp's log
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("X-API-KEY", os.Getenv("SMSP_API_KEY"))
	header.Set("Idempotency-Key", randomID()) // Every message has its own; a repeat has that of its first call.
	header.Set("X-Request-Id", requestID)

	client := &http.Client{Timeout: seconds(os.Getenv("SMSP_TIMEOUT"), 20*time.Second)} // above SMSP_REQUEST_DEADLINE
	for repeatsLeft := repeats; ; repeatsLeft-- {
		switch answer, retryAfter := post(client, header, body); {
		case answer.Delivery == "accepted" || answer.Delivery == "queued":
			fmt.Println(answer.Delivery, answer.ID)
			return
		case answer.Delivery == "none" && answer.Retryable && repeatsLeft > 0:
			time.Sleep(seconds(retryAfter, time.Second))
		case answer.Delivery == "none":
			fmt.Fprintf(os.Stderr, "not sent: %s: %s\n", answer.Title, answer.Detail)
			for _, fault := range answer.Errors {
				fmt.Fprintf(os.Stderr, "  %s: %s\n", fault.Field, fault.Reason)
			}
			os.Exit(1)
		default: // Also every answer that is not from smsp, such as a gateway's page.
			fmt.Fprintf(os.Stderr, "unknown: request %s: id %s, lookup %s\n", requestID, answer.ID, answer.Lookup)
			os.Exit(2)
		}
	}
}
