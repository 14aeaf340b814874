// What both kinds of peers do: sign, ask, listen, name things by their content.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/gorilla/websocket"
	"golang.org/x/crypto/sha3"
)

type peer struct {
	url     string
	address string
	headers http.Header
}

func keccak(parts ...[]byte) []byte {
	hash := sha3.NewLegacyKeccak256()
	for _, part := range parts {
		hash.Write(part)
	}
	return hash.Sum(nil)
}

// The account of a key, in the spelling that carries its checksum.
func account(key *secp256k1.PrivateKey) string {
	plain := hex.EncodeToString(keccak(key.PubKey().SerializeUncompressed()[1:])[12:])
	sum := hex.EncodeToString(keccak([]byte(plain)))
	text := []byte(plain)
	for at, digit := range text {
		if digit >= 'a' && sum[at] >= '8' {
			text[at] = digit - 'a' + 'A'
		}
	}
	return "0x" + string(text)
}

func newPeer(url, key string) *peer {
	raw, err := hex.DecodeString(key)
	must(err)
	private := secp256k1.PrivKeyFromBytes(raw)
	address := account(private)
	payload, err := json.Marshal(struct {
		Address string `json:"address"`
	}{address})
	must(err)
	compact := ecdsa.SignCompact(private, keccak(payload), false)
	signature := append(append([]byte{}, compact[1:]...), compact[0]-27)
	headers := http.Header{}
	headers.Set("X-Lilypad-User", base64.StdEncoding.EncodeToString(payload))
	headers.Set("X-Lilypad-Signature", base64.StdEncoding.EncodeToString(signature))
	headers.Set("X-Lilypad-Version", "v2.23.0")
	return &peer{url, address, headers}
}

// Asks, and waits where it is told to wait, as v2's own client does.
func (p *peer) try(method, path, contentType string, body []byte) (*http.Response, []byte) {
	for attempt := 0; ; attempt++ {
		request, err := http.NewRequest(method, p.url+"/api/v1"+path, bytes.NewReader(body))
		must(err)
		request.Header = p.headers.Clone()
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
		response, err := http.DefaultClient.Do(request)
		must(err)
		text, err := io.ReadAll(response.Body)
		must(err)
		response.Body.Close()
		wait, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if response.StatusCode != http.StatusTooManyRequests || attempt == 3 || err != nil {
			return response, text
		}
		time.Sleep(time.Duration(wait) * time.Second)
	}
}

func (p *peer) ask(method, path string, body []byte) []byte {
	response, text := p.try(method, path, "", body)
	if response.StatusCode != http.StatusOK {
		fail("%s %s: %d %s", method, path, response.StatusCode, text)
	}
	return text
}

func (p *peer) get(path string, into any) {
	must(json.Unmarshal(p.ask("GET", path, nil), into))
}

func (p *peer) post(path string, body, into any) {
	text, err := json.Marshal(body)
	must(err)
	must(json.Unmarshal(p.ask("POST", path, text), into))
}

// The events of the solver, from now on.
func (p *peer) listen(kind string) <-chan solverEvent {
	url := "ws" + strings.TrimPrefix(p.url, "http") + "/api/v1/ws?&Type=" + kind + "&ID=" + p.address
	connection, _, err := websocket.DefaultDialer.Dial(url, nil)
	must(err)
	pongs := make(chan struct{}, 1)
	connection.SetPongHandler(func(string) error {
		pongs <- struct{}{}
		return nil
	})
	must(connection.WriteMessage(websocket.PingMessage, nil))
	events := make(chan solverEvent, 256)
	go func() {
		for {
			_, text, err := connection.ReadMessage()
			if err != nil {
				close(events)
				return
			}
			var event solverEvent
			must(json.Unmarshal(text, &event))
			events <- event
		}
	}()
	<-pongs
	return events
}

// Waits for an event.
func await(events <-chan solverEvent, what string, is func(solverEvent) bool) solverEvent {
	limit := time.After(30 * time.Second)
	for {
		select {
		case event, open := <-events:
			if !open {
				fail("the events ended before %s", what)
			}
			if is(event) {
				return event
			}
		case <-limit:
			fail("no %s came", what)
		}
	}
}

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// The id of a value: its JSON as the data of a node without links.
func cid(value any) string {
	text, err := json.Marshal(value)
	must(err)
	node := append(binary.AppendUvarint([]byte{0x0a}, uint64(len(text))), text...)
	sum := sha256.Sum256(node)
	number := new(big.Int).SetBytes(append([]byte{0x12, 0x20}, sum[:]...))
	var id []byte
	for rest := new(big.Int); number.Sign() > 0; {
		number.DivMod(number, big.NewInt(58), rest)
		id = append([]byte{base58[rest.Int64()]}, id...)
	}
	return string(id)
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	panic(fmt.Sprintf(format, values...))
}

func text(value any) []byte {
	text, err := json.Marshal(value)
	must(err)
	return text
}

func parse(text []byte, into any) { must(json.Unmarshal(text, into)) }
