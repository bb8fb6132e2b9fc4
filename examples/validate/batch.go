package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// all validates every file, several at a time, and prints in the order of the command line. No more reports are held than
// files are being worked on.
func (v *validator) all(ctx context.Context, out *bufio.Writer) int {
	queue := make(chan chan *report, v.workers)
	go func() {
		defer close(queue)
		slots := make(chan struct{}, v.workers)
		for _, name := range v.files {
			done := make(chan *report, 1)
			slots <- struct{}{}
			go func() {
				done <- v.file(ctx, name)
				<-slots
			}()
			queue <- done
		}
	}()
	status := allValid
	for done := range queue {
		r := <-done
		v.print(out, r)
		out.Flush() // a failure shows at the last flush
		switch {
		case r.Error != "":
			status = unreadable
		case r.Verdict != "valid":
			status = max(status, someNot)
		}
	}
	return status
}

func (v *validator) file(ctx context.Context, name string) *report {
	doc, err := ades.OpenDocument(name)
	if err != nil {
		return newFailure(name, err)
	}
	defer doc.Close()
	conclusion, err := v.validator.Validate(ctx, doc, signature.ValidateOptions{Time: v.at, Detached: v.detached})
	if err != nil {
		return newFailure(name, err)
	}
	r := newReport(name, conclusion)
	if v.extract != "" {
		if err := v.extractAll(ctx, r, conclusion); err != nil {
			r.Error = err.Error()
		}
	}
	return r
}

func (v *validator) print(out *bufio.Writer, r *report) {
	if !v.json {
		printText(out, r, v.at)
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		line = fmt.Appendf(nil, `{"schema":%d,"error":%q}`, schema, err)
	}
	out.Write(line)
	out.WriteByte('\n')
}
