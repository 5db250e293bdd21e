// Package openapi makes JSON Schemas (draft 2020-12) of Go types and puts
// operations into an OpenAPI 3.1 document, so that the description of the
// interface and the code that answers it are one thing.
//
// It is pure: no goroutine, no I/O.
package openapi
