package pades

import (
	"context"
	"crypto"
	"hash"
	"io"
	"slices"

	"github.com/cadre-confiance/confiance/signature/ades"
)

// A span is what one signature covers: the file but a gap, up to an end.
type span struct {
	gap, after, end int64
	hashes          []crypto.Hash
	sums            map[crypto.Hash][]byte
	running         []hash.Hash // once the gap is met
}

// digestSpans computes the digests of all spans in one pass over the file. All spans begin at its first octet: what precedes
// a gap is hashed once for all of them, and the state of the hash is copied there.
//
// Each octet is hashed at most twice per algorithm if spans have their gaps in different revisions, as signatures must.
func digestSpans(ctx context.Context, doc *ades.Document, spans []*span) error {
	var cuts []int64
	prefixes := map[crypto.Hash]hash.Hash{}
	lastGap := int64(0)
	for _, s := range spans {
		cuts = append(cuts, s.gap, s.after, s.end)
		lastGap = max(lastGap, s.gap)
		for _, h := range s.hashes {
			if _, there := prefixes[h]; !there {
				prefixes[h] = h.New()
			}
		}
		s.sums = map[crypto.Hash][]byte{}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	buffer := make([]byte, 64<<10)
	at := int64(0)
	for _, cut := range cuts {
		if err := digestTo(ctx, doc, buffer, spans, prefixes, at, cut, lastGap); err != nil {
			return err
		}
		at = cut
		for _, s := range spans {
			if s.gap == at && s.running == nil {
				if err := s.fork(prefixes); err != nil {
					return err
				}
			}
			if s.end == at {
				for i, h := range s.hashes {
					s.sums[h] = s.running[i].Sum(nil)
				}
			}
		}
	}
	return nil
}

// fork copies the state of the prefixes.
func (s *span) fork(prefixes map[crypto.Hash]hash.Hash) error {
	for _, h := range s.hashes {
		copied, err := prefixes[h].(hash.Cloner).Clone()
		if err != nil {
			return err
		}
		s.running = append(s.running, copied)
	}
	return nil
}

// digestTo hashes [at, to), where no span begins or ends. ctx is looked at every 64 KiB.
func digestTo(ctx context.Context, doc *ades.Document, buffer []byte, spans []*span, prefixes map[crypto.Hash]hash.Hash, at, to, lastGap int64) error {
	var live []hash.Hash
	if at < lastGap {
		for _, h := range prefixes {
			live = append(live, h)
		}
	}
	for _, s := range spans {
		if s.after <= at && at < s.end {
			live = append(live, s.running...)
		}
	}
	if len(live) == 0 {
		return nil
	}
	for at < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := buffer[:min(int64(len(buffer)), to-at)]
		if n, err := doc.ReadAt(b, at); n < len(b) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		for _, h := range live {
			h.Write(b)
		}
		at += int64(len(b))
	}
	return nil
}
