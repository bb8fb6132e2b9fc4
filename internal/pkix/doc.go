// Package pkix reads X.509 certificates and public keys leniently, writes them exactly, and verifies signature values.
package pkix
