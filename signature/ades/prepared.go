package ades

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// PreparedSchema is the number of the saved form of [Prepared].
const PreparedSchema = 1

// Prepared is the state between the two steps of a signature whose key is elsewhere. Prepare makes it, Request is what the
// remote key signs, Complete puts the value in place. It holds every parameter of the first step, so that the second cannot
// be called with others; it holds no secret and no content, and is saved as JSON.
type Prepared struct {
	Schema   int       `json:"schema"`
	Format   string    `json:"format"` // "cades", "pades"
	Level    Level     `json:"level"`
	Request  Request   `json:"request"`
	Chain    [][]byte  `json:"chain"` // DER, signing certificate first
	Time     time.Time `json:"time"`  // claimed signing time
	Document struct {
		Size      int64  `json:"size"` // -1 when unknown
		Algorithm uint   `json:"algorithm"`
		Digest    []byte `json:"digest"`
	} `json:"document"`
	// Parameters belong to the format: what it decided in the first step and must find again in the second.
	Parameters json.RawMessage `json:"parameters,omitempty"`
}

// Errors of the second step.
var (
	ErrPrepared      = errors.New("ades: the prepared signature cannot be read")
	ErrOtherDocument = errors.New("ades: this is not the document that was prepared")
	ErrWrongValue    = errors.New("ades: the signature value does not verify under the signing certificate")
)

// ReadPrepared reads a Prepared that was saved with json.Marshal.
func ReadPrepared(saved []byte) (*Prepared, error) {
	var p Prepared
	if err := json.Unmarshal(saved, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrepared, err)
	}
	if p.Schema != PreparedSchema {
		return nil, fmt.Errorf("%w: schema %d", ErrPrepared, p.Schema)
	}
	if len(p.Chain) == 0 || len(p.Request.Message) == 0 {
		return nil, fmt.Errorf("%w: no certificate or nothing to sign", ErrPrepared)
	}
	return &p, nil
}
