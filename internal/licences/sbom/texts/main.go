// Command texts writes the licences of everything that others wrote and the firmware
// contains, one after the other.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"phoned/internal/licences"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := write(out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "texts:", err)
		os.Exit(1)
	}
}

func write(out io.Writer) error {
	all, err := licences.Read()
	if err != nil {
		return err
	}
	for _, p := range all {
		head := strings.TrimSpace(p.Name+" "+p.Version) + " (" + p.Licence + ")"
		if _, err := fmt.Fprintf(out, "%s\n%s\n\n%s\n\n\n", head, strings.Repeat("=", len(head)), strings.TrimSpace(p.Text)); err != nil {
			return err
		}
	}
	return nil
}
