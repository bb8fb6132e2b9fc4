package pkitest

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
)

// WriteFiles writes an identity into a folder for other tools: base.pem (certificate), base-chain.pem (with its issuers, but
// for the root), base-key.pem (PKCS#8) and base.p12 under the password. Files that exist are replaced; an identity without
// private key has the first two only.
func (id *Identity) WriteFiles(dir, base, password string) error {
	files := map[string][]byte{base + ".pem": id.PEM(), base + "-chain.pem": id.ChainPEM()}
	if id.Key != nil {
		p12, err := id.PKCS12(password)
		if err != nil {
			return err
		}
		files[base+"-key.pem"], files[base+".p12"] = id.KeyPEM(), p12
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// RootsPEM is every root of the PKI, in order of declaration: what a relying party trusts.
func (p *PKI) RootsPEM() []byte {
	var out bytes.Buffer
	for _, a := range p.all() {
		if a.issuer == nil {
			out.Write(a.PEM())
		}
	}
	return out.Bytes()
}

// CRLsPEM is a new CRL of every authority of the PKI, made with the same options.
func (p *PKI) CRLsPEM(options ...Option) []byte {
	var out bytes.Buffer
	for _, a := range p.all() {
		out.Write(CRLPEM(a.CRL(options...)))
	}
	return out.Bytes()
}

func (p *PKI) all() []*Authority {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Authority(nil), p.authorities...)
}

// CRLPEM is a CRL as PEM, "X509 CRL".
func CRLPEM(crl []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl})
}
