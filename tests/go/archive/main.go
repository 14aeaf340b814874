// Writes and reads archives, line by line, as v2's peers do with Go's own archive/tar. Test reference only.
//
// {"op": "write", "folder": …} walks a folder as v2 does and answers its archive, with the three bytes that v2's solver
// sends after it. {"op": "read", "hex": …} answers what Go reads: {"files": {path: contents in hex}, "error": …}.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

type request struct {
	Op     string `json:"op"`
	Folder string `json:"folder"`
	Hex    string `json:"hex"`
}

type answer struct {
	Error string            `json:"error"`
	Hex   string            `json:"hex"`
	Files map[string]string `json:"files"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var reply answer
		var err error
		if asked.Op == "write" {
			reply.Hex, err = write(asked.Folder)
		} else {
			reply.Files, err = read(asked.Hex)
		}
		if err != nil {
			reply.Error = err.Error()
		}
		answers.Encode(reply)
	}
}

func write(folder string) (string, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	err := filepath.Walk(folder, func(path string, info fs.FileInfo, err error) error {
		if err != nil {
			return err
		}
		header, err := tar.FileInfoHeader(info, path)
		if err != nil {
			return err
		}
		if header.Name, err = filepath.Rel(folder, path); err != nil {
			return err
		}
		if err := archive.WriteHeader(header); err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = archive.Write(content)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := archive.Close(); err != nil {
		return "", err
	}
	out.WriteString("{}\n")
	return hex.EncodeToString(out.Bytes()), nil
}

func read(text string) (map[string]string, error) {
	content, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	archive := tar.NewReader(bytes.NewReader(content))
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		files[header.Name] = hex.EncodeToString(content)
	}
}
