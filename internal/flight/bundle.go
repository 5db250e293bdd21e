package flight

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// File is one more file of a bundle.
type File struct {
	Name string
	Data []byte
}

// Name is what a bundle's file is called: with the time, without anybody's name.
func (r Report) Name() string {
	return "phone-report-" + r.Made.UTC().Format("20060102-150405") + ".zip"
}

// WriteZip writes the bundle: report.html for a person, report.json for machines,
// and more files.
func (r Report) WriteZip(w io.Writer, more ...File) error {
	z := zip.NewWriter(w)
	add := func(name string, write func(io.Writer) error) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: r.Made.UTC().Truncate(time.Second)})
		if err == nil {
			err = write(f)
		}
		if err != nil {
			return fmt.Errorf("%s of the report: %w", name, err)
		}
		return nil
	}
	if err := add("report.html", r.WriteHTML); err != nil {
		return err
	}
	if err := add("report.json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	}); err != nil {
		return err
	}
	for _, f := range more {
		if err := add(f.Name, func(w io.Writer) error { _, err := w.Write(f.Data); return err }); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
