// Package brandlogo fetches, checks and keeps the picture that brand_logo names.
//
// A Keeper owns one goroutine, Run: it reads a local file or asks an https
// server, at most every so often, keeps the last good picture in the data folder
// with the server's ETag, and tells when there is another. A picture is judged
// before it is decoded: its bytes, its pixels and its format are bounded, so that
// no file makes the phone slow or large. What others get is never the file itself
// but what was decoded of it, encoded anew. The package draws nothing.
package brandlogo
