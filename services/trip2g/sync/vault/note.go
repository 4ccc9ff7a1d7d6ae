package vault

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"trip2g/services/trip2g"
)

const (
	// readTries bounds the attempts to read a file that changes meanwhile.
	readTries = 3
	// readAgainAfter lets an editor finish saving.
	readAgainAfter = 50 * time.Millisecond
)

// text is a note as it is published.
type text struct {
	content string
	warning trip2g.Warning // Text is "" if there is none
}

// ReadNote returns a note's text as it is published: valid UTF-8, without a byte order mark. UTF-16
// with its mark is decoded; bytes that are not UTF-8 become U+FFFD. The file is never written.
//
// ETOOLARGE past the limit, ECONFLICT if the file keeps changing while it is read, EINVALID if it
// cannot be read; the error is fs.ErrNotExist if it is gone.
func (v *Vault) ReadNote(ctx context.Context, path string) (string, error) {
	read, err := v.readText(ctx, path)
	switch {
	case err == nil:
		return read.content, nil
	case trip2g.ErrorCode(err) == trip2g.EINTERNAL:
		return "", readError(path, err)
	default:
		return "", fmt.Errorf("%s %w", displayPath(path), err)
	}
}

func (v *Vault) readText(ctx context.Context, path string) (text, error) {
	raw, err := v.readWhole(ctx, path)
	if err != nil {
		return text{}, err
	}
	content, broken := decode(raw)
	if int64(len(content)) > v.maxNoteSize {
		return text{}, v.tooLarge(int64(len(content)))
	}
	read := text{content: content}
	if len(broken) > 0 {
		read.warning = trip2g.Warning{Path: path, Line: broken[0], Text: "is not valid UTF-8 here" + more(len(broken)-1) +
			"; it is published with \uFFFD in place of the broken bytes, and the file stays as it is: save it as UTF-8"}
	}
	return read, nil
}

func more(lines int) string {
	switch lines {
	case 0:
		return ""
	case 1:
		return " and on one more line"
	default:
		return fmt.Sprintf(" and on %d more lines", lines)
	}
}

func (v *Vault) tooLarge(size int64) error {
	return trip2g.Errorf(trip2g.ETOOLARGE, "has %d bytes; the maximum size of a note is %d: split it, or raise the limit on the server (TRIP2G_MAX_NOTE_SIZE) and here (--max-note-size)", size, v.maxNoteSize)
}

// readWhole reads a file, and again if it changed meanwhile, for example while an editor saves it.
func (v *Vault) readWhole(ctx context.Context, path string) ([]byte, error) {
	for try := 1; ; try++ {
		raw, changed, err := v.readOnce(path)
		if err != nil || !changed {
			return raw, err
		}
		if try == readTries {
			return nil, trip2g.Errorf(trip2g.ECONFLICT, "keeps changing while it is read: run the push again when it is saved")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(readAgainAfter):
		}
	}
}

func (v *Vault) readOnce(path string) (raw []byte, changed bool, err error) {
	f, err := v.root.Open(v.name(path))
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	// UTF-16 needs up to twice the bytes of its text in UTF-8, and two more for its mark.
	limit := 2*v.maxNoteSize + 2
	if before.Size() > limit {
		return nil, false, v.tooLarge(before.Size())
	}
	var buffer bytes.Buffer
	buffer.Grow(int(before.Size()) + bytes.MinRead)
	if _, err := buffer.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, false, err
	}
	after, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	return buffer.Bytes(), !same(before, after) || int64(buffer.Len()) != after.Size(), nil
}

// same reports whether a file is unchanged.
func same(before, after fs.FileInfo) bool {
	return before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}

// Text returns the published text of a file: see ReadNote.
func Text(raw []byte) string {
	content, _ := decode(raw)
	return content
}

// decode returns a file's text and the lines, from 1, on which something could not be decoded.
//
// It drops a byte order mark of UTF-8, which has no meaning in a text that is always UTF-8. The
// mark would hide a note's frontmatter from readers that look for "---" at its start.
func decode(raw []byte) (content string, broken []int) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}), bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		// The decoder replaces invalid sequences by U+FFFD and never fails.
		raw, _ = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw)
		return string(raw), linesWith(raw, func(line []byte) bool { return bytes.ContainsRune(line, utf8.RuneError) })
	case bytes.HasPrefix(raw, []byte{0xEF, 0xBB, 0xBF}):
		raw = raw[3:]
	}
	if utf8.Valid(raw) {
		return string(raw), nil
	}
	return strings.ToValidUTF8(string(raw), string(utf8.RuneError)), linesWith(raw, func(line []byte) bool { return !utf8.Valid(line) })
}

func linesWith(raw []byte, fault func([]byte) bool) (lines []int) {
	number := 0
	for line := range bytes.Lines(raw) {
		number++
		if fault(line) {
			lines = append(lines, number)
		}
	}
	return lines
}
