package exchange

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ExtractOptions say how parts become files.
type ExtractOptions struct {
	// Force replaces regular files of the same names. Nothing else is ever replaced.
	Force bool
	// Sync asks the system to put each file on the disk before it gets its name.
	Sync bool
	// Progress, if not nil, is called with the octets written so far.
	Progress func(done int64)
}

// Extract writes every part to a file below dir, which it creates if need be. Parts are first written to a private folder inside
// dir, checked, and moved to their names when all of them are right: after an error dir is as it was. No symbolic link is
// followed, nothing outside dir is touched, and no file is replaced unless Force. Errors: ErrExists, the reasons of this package,
// those of the system.
func (m *Message) Extract(ctx context.Context, dir string, o ExtractOptions) (err error) {
	made, err := makeFolder(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && made != "" {
			removeFolders(dir, made)
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	x := &extraction{m: m, root: root, o: o}
	if err := x.conflicts(); err != nil {
		return err
	}
	var random [8]byte
	rand.Read(random[:])
	x.stage = ".pli-" + hex.EncodeToString(random[:])
	if err := root.Mkdir(x.stage, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.RemoveAll(x.stage)) }()
	if err := x.write(ctx); err != nil {
		return err
	}
	return x.publish(ctx)
}

// makeFolder creates dir and returns the topmost folder that it had to create, or nothing.
func makeFolder(dir string) (made string, err error) {
	dir = filepath.Clean(dir)
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil {
			if !info.IsDir() {
				return "", refuse(ErrExists, "%s is not a folder", at)
			}
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if made = at; filepath.Dir(at) == at {
			break
		}
	}
	return made, os.MkdirAll(dir, 0o777)
}

// removeFolders removes dir and its parents up to made, as long as they are empty.
func removeFolders(dir, made string) {
	for at := filepath.Clean(dir); os.Remove(at) == nil && at != made; {
		at = filepath.Dir(at)
	}
}

// An extraction is a message on its way to a folder.
type extraction struct {
	m     *Message
	root  *os.Root
	o     ExtractOptions
	stage string
	undo  []func() error // what publish did, to be undone in reverse
}

// conflicts looks for what is in the way before the first octet is decrypted.
func (x *extraction) conflicts() error {
	for i, p := range x.m.Manifest.Parts {
		for at, c := range p.Name {
			if c != '/' {
				continue
			}
			info, err := x.root.Lstat(filepath.FromSlash(p.Name[:at]))
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err != nil {
				return err
			}
			if !info.IsDir() { // a symbolic link is not a folder
				return refuse(ErrExists, "part %d: where it needs a folder, there is something else", i+1)
			}
		}
		if _, err := x.replaceable(i); err != nil {
			return err
		}
	}
	return nil
}

// replaceable reports whether a file is there that may be replaced; ErrExists if it may not.
func (x *extraction) replaceable(i int) (bool, error) {
	info, err := x.root.Lstat(x.name(i))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, refuse(ErrExists, "part %d: what is there is not a regular file", i+1)
	case !x.o.Force:
		return false, refuse(ErrExists, "part %d: a file of that name is there; Force (-force) replaces it", i+1)
	}
	return true, nil
}

func (x *extraction) name(i int) string { return filepath.FromSlash(x.m.Manifest.Parts[i].Name) }

func (x *extraction) staged(i int) string { return filepath.Join(x.stage, fmt.Sprint(i)) }

// write decrypts and checks every part into the private folder.
func (x *extraction) write(ctx context.Context) error {
	var f *os.File
	current, done := -1, int64(0)
	end := func() error {
		if f == nil {
			return nil
		}
		var err error
		if x.o.Sync {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
		f = nil
		return err
	}
	// begin creates the files up to part, those of the empty parts before it included.
	begin := func(part int) (err error) {
		for current < part {
			if err := end(); err != nil {
				return err
			}
			current++
			if f, err = x.root.OpenFile(x.staged(current), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
				return err
			}
		}
		return nil
	}
	parts := len(x.m.Manifest.Parts)
	err := x.m.payload.stream(ctx, 0, parts, 0, workers(x.m.o.Workers), func(part int, leaf []byte) error {
		if err := begin(part); err != nil {
			return err
		}
		n, err := writeAll(ctx, f, leaf)
		if done += n; x.o.Progress != nil {
			x.o.Progress(done)
		}
		return err
	})
	if err == nil {
		err = begin(parts - 1)
	}
	return errors.Join(err, end())
}

// publish gives every file its name, or undoes it all.
func (x *extraction) publish(ctx context.Context) (err error) {
	defer func() {
		for i := len(x.undo) - 1; err != nil && i >= 0; i-- {
			err = errors.Join(err, x.undo[i]())
		}
	}()
	for i := range x.m.Manifest.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.folders(x.m.Manifest.Parts[i].Name); err != nil {
			return err
		}
		there, err := x.replaceable(i)
		if err != nil {
			return err
		}
		name := x.name(i)
		if there {
			old := x.staged(i) + ".old"
			if err := x.root.Rename(name, old); err != nil {
				return err
			}
			x.undo = append(x.undo, func() error { return x.root.Rename(old, name) })
		}
		if err := x.move(x.staged(i), name); err != nil {
			return err
		}
		x.undo = append(x.undo, func() error { return x.root.Remove(name) })
	}
	return nil
}

// move gives a staged file its name, which nothing may have: a link fails where a file has appeared meanwhile, a rename would
// replace it. File systems without links get the rename.
func (x *extraction) move(staged, name string) error {
	err := x.root.Link(staged, name)
	if err == nil {
		return x.root.Remove(staged)
	}
	if errors.Is(err, fs.ErrExist) {
		return refuse(ErrExists, "a file appeared under the name of a part")
	}
	if _, err := x.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return refuse(ErrExists, "a file appeared under the name of a part")
	}
	return x.root.Rename(staged, name)
}

// folders creates the folders that a name needs.
func (x *extraction) folders(name string) error {
	for at := 0; ; at++ {
		slash := strings.IndexByte(name[at:], '/')
		if slash < 0 {
			return nil
		}
		at += slash
		folder := filepath.FromSlash(name[:at])
		err := x.root.Mkdir(folder, 0o777)
		if err == nil {
			x.undo = append(x.undo, func() error { return x.root.Remove(folder) })
			continue
		}
		info, lerr := x.root.Lstat(folder)
		if lerr != nil {
			return errors.Join(err, lerr)
		}
		if !info.IsDir() {
			return refuse(ErrExists, "where a part needs a folder, there is something else")
		}
	}
}
