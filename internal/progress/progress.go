// Package progress draws the progress of long work on a terminal, and nothing anywhere else.
//
//	update, end := progress.Bar(os.Stderr, "sealing", size)
//	defer end()
//	update(done)
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Large is the number of octets from which work is long enough for a bar.
const Large = 16 << 20

// Bar returns a function that draws how much of total octets is done, and one that ends the line. Both do nothing when w is not
// a terminal or total is below Large.
func Bar(w io.Writer, what string, total int64) (update func(done int64), end func()) {
	f, ok := w.(*os.File)
	if total < Large || !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int64) {}, func() {}
	}
	begun := time.Now()
	var last time.Time
	update = func(done int64) {
		if now := time.Now(); now.Sub(last) >= 100*time.Millisecond || done == total {
			last = now
			io.WriteString(f, "\r"+Line(what, done, total, now.Sub(begun)))
		}
	}
	return update, func() { io.WriteString(f, "\n") }
}

// Line is one state of the bar: what, how much, how fast, and how long until the end.
func Line(what string, done, total int64, elapsed time.Duration) string {
	const width = 30
	done = min(done, total)
	full := int(done * width / max(total, 1))
	rate := float64(done) / max(elapsed.Seconds(), 0.001)
	left := "--"
	if done > 0 {
		left = (time.Duration(float64(total-done)/rate*float64(time.Second)) + time.Second/2).Truncate(time.Second).String()
	}
	return fmt.Sprintf("%s [%s%s] %3d %%  %.0f MiB/s  %s ", what, strings.Repeat("=", full), strings.Repeat(" ", width-full),
		done*100/max(total, 1), rate/(1<<20), left)
}
