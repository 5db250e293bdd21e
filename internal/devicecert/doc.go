// Package devicecert is what a phone proves itself with to a browser: a P-256 key
// made on the device and a certificate it signs itself, or a certificate and key
// that an administrator uploaded. The key is kept in a Vault (the phone's sealed
// secrets), never in a file of its own; the certificate names the host, its mDNS
// name and its addresses, and is made anew, of the same key, when those change or
// before it ends. A Keeper starts no goroutine and opens no socket.
package devicecert
