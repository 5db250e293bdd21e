// Package fleet holds the phones against what administrators already run: a real
// Prometheus scrapes them and judges its alert rules, phonectl steers them all.
// Everything is a process of its own. make test-full AREA=fleet
package fleet
