package manage

import (
	"embed"
	"io/fs"
)

//go:embed web
var embedded embed.FS

// Pages are the embedded web pages: the front panel.
func Pages() fs.FS {
	f, err := fs.Sub(embedded, "web")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return f
}
