// Package apicheck tries an HTTP interface by its own OpenAPI document: random valid
// and invalid requests to every operation, made of the document's schemas. It is a
// tool of tests.
package apicheck
