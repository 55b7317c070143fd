// Package codec reads and writes the Server-Sent Events wire format and decodes
// what events carry.
package codec
