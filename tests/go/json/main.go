// Answers, line by line, what Go's own encoding/json makes of a text. Test reference only.
//
// A request is {"op": …, "hex": the text in hex}; the answer is one JSON object.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	Op  string `json:"op"`
	Hex string `json:"hex"`
}

type answer struct {
	Error string `json:"error"`
	Text  string `json:"text"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, err := hex.DecodeString(asked.Hex)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answers.Encode(reply(asked.Op, text))
	}
}

func reply(op string, text []byte) answer {
	switch op {
	case "parse":
		var raw json.RawMessage
		return done(nil, json.Unmarshal(text, &raw))
	case "container":
		return decode[container](text)
	case "job":
		return decode[job](text)
	case "any":
		return decode[any](text)
	default:
		return answer{Error: "unknown op " + op}
	}
}

func done(value any, err error) answer {
	if err != nil {
		return answer{Error: err.Error()}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Text: string(text)}
}
