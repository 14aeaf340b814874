// Command template answers template cases with Go's own engine, under the rules of Lilypad's modules.
//
// Standard input: JSON lines {"template": text, "inputs": {name: value}}. Standard output, one line each:
// {"outcome": "ok" | "parse-error" | "exec-error", "output": text, "error": text}.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"
)

type question struct {
	Template string            `json:"template"`
	Inputs   map[string]string `json:"inputs"`
}

type answer struct {
	Outcome string `json:"outcome"`
	Output  string `json:"output"`
	Error   string `json:"error"`
}

// subst is the one function that Lilypad adds: its values are decoded from JSON, then formatted.
func subst(format string, values ...string) string {
	decoded := []any{}
	for _, value := range values {
		var text string
		if err := json.Unmarshal([]byte(value), &text); err != nil {
			panic("a value is not a JSON string")
		}
		decoded = append(decoded, text)
	}
	return fmt.Sprintf(format, decoded...)
}

func render(q question) answer {
	name := "https://example.org/owner/repo-/lilypad_module.json.tmpl-v1"
	parsed, err := template.New(name).Funcs(template.FuncMap{"subst": subst}).Parse(q.Template)
	if err != nil {
		return answer{Outcome: "parse-error", Error: err.Error()}
	}
	data := map[string]string{}
	for key, value := range q.Inputs {
		encoded, err := json.Marshal(value)
		if err != nil {
			return answer{Outcome: "exec-error", Error: err.Error()}
		}
		data[key] = string(encoded)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return answer{Outcome: "exec-error", Error: err.Error()}
	}
	return answer{Outcome: "ok", Output: string([]rune(out.String()))}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode(render(q)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
