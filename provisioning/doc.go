// Package provisioning is what the phone is told: one typed configuration, put
// together from layers (built-in, image, site, stick or QR code, backend,
// user), with the origin of every value and locks. It reads the sources, checks
// everything and says in words what a new configuration would change.
//
// It starts no goroutine and changes nothing by itself: to apply a
// configuration is internal/app's business. A document that can't be used is
// refused as a whole and what worked before stays. No secret is in an error,
// a warning or a difference.
package provisioning
