// Command sbom writes a bill of materials (CycloneDX 1.5, JSON) to its output: the Go
// modules that programs say they are made of, with their licences, and packages of
// Debian. The same inputs and SOURCE_DATE_EPOCH give the same text.
//
//	sbom -name phoned -version 1.2 [-packages FILE -arch arm64] PROGRAM…
package main

import (
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	name := flags.String("name", "phoned", "`name` of the product")
	version := flags.String("version", "", "its `version`")
	packages := flags.String("packages", "", "`file` with a package of Debian and its version on each line")
	arch := flags.String("arch", "", "their `architecture`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("name the programs")
	}
	epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	b := newBOM(*name, *version, time.Unix(epoch, 0))
	for _, path := range flags.Args() {
		if err := addProgram(b, filepath.Clean(path)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if *packages != "" {
		f, err := os.Open(filepath.Clean(*packages))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := b.packages(f, *arch); err != nil {
			return fmt.Errorf("%s: %w", *packages, err)
		}
	}
	return b.write(out)
}

func addProgram(b *bom, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := buildinfo.Read(f)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return b.program(path, f, info)
}
