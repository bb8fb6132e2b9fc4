package main

import (
	"time"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// schema is the number of the JSON form below. Programs depend on it: members are added, never changed.
const schema = 1

// report is the line of JSON on one file.
type report struct {
	Schema     int         `json:"schema"`
	File       string      `json:"file"`
	Format     string      `json:"format"`
	Verdict    string      `json:"verdict"` // valid, invalid, indeterminate, none
	Error      string      `json:"error"`   // why the file could not be read; empty when it was
	Signatures []signed    `json:"signatures"`
	Timestamps []timestamp `json:"timestamps"` // those that belong to no signature
}

type signed struct {
	ID                string         `json:"id"`
	Parent            string         `json:"parent"`
	Format            string         `json:"format"`
	Level             string         `json:"level"`
	Crypto            string         `json:"crypto"`
	Indication        string         `json:"indication"`
	SubIndication     string         `json:"subIndication"`
	Signer            *signer        `json:"signer"`
	ClaimedTime       *time.Time     `json:"claimedTime"`
	BestSignatureTime *time.Time     `json:"bestSignatureTime"`
	Modifications     []modification `json:"modifications"`
	Timestamps        []timestamp    `json:"timestamps"`
	Findings          []finding      `json:"findings"`
	Extracted         string         `json:"extracted,omitempty"` // with -extract: the file written
}

type signer struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	Serial  string `json:"serial"`
}

type modification struct {
	Revision int    `json:"revision"`
	Object   string `json:"object"`
	Kind     string `json:"kind"`
	Message  string `json:"message"`
}

type timestamp struct {
	ID            string     `json:"id"`
	Type          string     `json:"type"`
	Time          *time.Time `json:"time"`
	Crypto        string     `json:"crypto"`
	Indication    string     `json:"indication"`
	SubIndication string     `json:"subIndication"`
	Findings      []finding  `json:"findings"`
}

type finding struct {
	Check   string `json:"check"`
	Clause  string `json:"clause"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// newReport puts a conclusion into the form of the command. Each token is listed once: under its signature if it has one.
func newReport(name string, v *signature.Validation) *report {
	r := &report{Schema: schema, File: name, Format: string(v.Facts.Format), Signatures: []signed{}, Timestamps: []timestamp{}}
	belonging := map[string][]timestamp{}
	isSignature := map[string]bool{}
	for i := range v.Signatures {
		isSignature[v.Signatures[i].ID] = true
	}
	for i := range v.Timestamps {
		t := &v.Timestamps[i]
		entry := timestamp{
			ID: t.ID, Type: string(t.Type), Crypto: string(t.Crypto),
			Indication: string(t.Indication), SubIndication: string(t.SubIndication), Findings: findings(t.Findings()),
		}
		if !t.Time.IsZero() {
			entry.Time = &t.Time
		}
		if isSignature[t.Parent] {
			belonging[t.Parent] = append(belonging[t.Parent], entry)
		} else {
			r.Timestamps = append(r.Timestamps, entry)
		}
	}
	for i := range v.Signatures {
		r.Signatures = append(r.Signatures, newSigned(&v.Signatures[i], &v.Facts.Signatures[i], belonging[v.Signatures[i].ID]))
	}
	r.Verdict = r.sum()
	return r
}

func newSigned(c *validation.SignatureConclusion, f *facts.Signature, timestamps []timestamp) signed {
	s := signed{
		ID: c.ID, Parent: c.Parent, Format: string(c.Format), Level: c.Level, Crypto: string(c.Crypto),
		Indication: string(c.Indication), SubIndication: string(c.SubIndication),
		ClaimedTime: c.ClaimedTime, BestSignatureTime: &c.BestSignatureTime,
		Modifications: []modification{}, Timestamps: []timestamp{}, Findings: findings(c.Findings()),
	}
	if c.Signer != nil {
		s.Signer = &signer{c.Signer.Subject, c.Signer.Issuer, c.Signer.Serial}
	}
	for _, m := range f.Modifications {
		s.Modifications = append(s.Modifications, modification(m))
	}
	s.Timestamps = append(s.Timestamps, timestamps...)
	return s
}

func findings(checks []validation.Check) []finding {
	out := []finding{}
	for _, c := range checks {
		out = append(out, finding{c.ID, c.Clause, string(c.Status), c.Message})
	}
	return out
}

// sum is the verdict on the file.
func (r *report) sum() string {
	passed := 0
	for _, s := range r.Signatures {
		switch {
		case s.Indication == string(validation.TotalFailed), s.Crypto == string(validation.CryptoInvalid):
			return "invalid"
		case s.Indication == string(validation.TotalPassed):
			passed++
		}
	}
	switch {
	case len(r.Signatures) == 0:
		return "none"
	case passed == len(r.Signatures):
		return "valid"
	}
	return "indeterminate"
}

// newFailure is the line on a file that could not be read.
func newFailure(name string, err error) *report {
	return &report{Schema: schema, File: name, Verdict: "indeterminate", Error: err.Error(), Signatures: []signed{}, Timestamps: []timestamp{}}
}
