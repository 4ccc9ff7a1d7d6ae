package publish

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// maxFaults limits the reported faults of one call.
const maxFaults = 100

// faults collects the errors of a call, so that a client gets all of them at once.
type faults struct {
	fields   []trip2g.FieldError
	count    int
	tooLarge int
}

func (f *faults) add(name, format string, args ...any) {
	f.count++
	if len(f.fields) < maxFaults {
		f.fields = append(f.fields, trip2g.FieldError{Name: name, Value: fmt.Sprintf(format, args...)})
	}
}

func (f *faults) addTooLarge(name, format string, args ...any) {
	f.tooLarge++
	f.add(name, format, args...)
}

// err returns an error, nil without a fault. The message contains the first fault, because many
// clients show only the message.
func (f *faults) err() error {
	if f.count == 0 {
		return nil
	}
	code := trip2g.EINVALID
	if f.tooLarge == f.count {
		code = trip2g.ETOOLARGE
	}
	message := fmt.Sprintf("nothing was written: %s: %s", shorten(f.fields[0].Name), f.fields[0].Value)
	if f.count > 1 {
		message += fmt.Sprintf(" (and %d more)", f.count-1)
	}
	return &trip2g.Error{Code: code, Message: message, Fields: f.fields}
}

// shorten keeps a hostile name from filling a message.
func shorten(name string) string {
	const limit = 200
	if len(name) <= limit {
		return name
	}
	return strings.ToValidUTF8(name[:limit], "") + "…"
}

// checkUpdates returns an error for updates that cannot be stored. It allows NUL in a text: without
// it, the stored hash would differ from the client's, which would push the note again each time.
func checkUpdates(updates []trip2g.NoteUpdate, maxSize int64) error {
	if err := checkCount("updates", len(updates)); err != nil {
		return err
	}
	var f faults
	seen := make(map[string]bool, len(updates))
	for _, u := range updates {
		switch err := trip2g.ValidatePath(u.Path); {
		case err != nil:
			f.add(shorten(u.Path), "%s", trip2g.ErrorMessage(err))
		case seen[trip2g.NormalizePath(u.Path)]:
			f.add(u.Path, "is given twice in one push")
		case int64(len(u.Content)) > maxSize:
			f.addTooLarge(u.Path, "has %d bytes; the largest note that this server takes has %d (TRIP2G_MAX_NOTE_SIZE)", len(u.Content), maxSize)
		case !utf8.ValidString(u.Content):
			f.add(u.Path, "is not valid UTF-8; save it as UTF-8")
		}
		seen[trip2g.NormalizePath(u.Path)] = true
	}
	return f.err()
}

func checkCount(name string, n int) error {
	if n <= MaxUpdates {
		return nil
	}
	return &trip2g.Error{
		Code:    trip2g.ETOOLARGE,
		Message: fmt.Sprintf("nothing was written: %d %s in one call; send at most %d", n, name, MaxUpdates),
		Fields:  []trip2g.FieldError{{Name: name, Value: fmt.Sprintf("has %d entries", n)}},
	}
}

func checkFilter(filter trip2g.NotePathFilter) error {
	if err := checkCount("paths", len(filter.Paths)); err != nil {
		return err
	}
	for name, text := range map[string]string{"search": filter.Search, "like": filter.Like} {
		if len(text) > MaxFilterLength {
			return trip2g.Errorf(trip2g.EINVALID, "%s has %d bytes; at most %d are taken", name, len(text), MaxFilterLength)
		}
	}
	return nil
}

func checkUpload(u trip2g.AssetUpload) error {
	var f faults
	if sum, err := hex.DecodeString(u.Hash); err != nil || len(sum) != 32 || strings.ToLower(u.Hash) != u.Hash {
		f.add("sha256Hash", "must be a SHA-256 in 64 lower-case hex digits")
	}
	if fault := refFault(u.Ref); fault != "" {
		f.add("path", "%s", fault)
	}
	if err := trip2g.ValidateAssetPath(u.AbsolutePath); err != nil {
		f.add("absolutePath", "%s", trip2g.ErrorMessage(err))
	}
	return f.err()
}

// refFault accepts whatever a note's text can contain as a reference, valid file name or not.
func refFault(ref string) string {
	switch {
	case ref == "":
		return "is empty: give the reference as the note's text has it"
	case len(ref) > trip2g.MaxPathLength:
		return fmt.Sprintf("is longer than %d bytes", trip2g.MaxPathLength)
	case !utf8.ValidString(ref):
		return "is not valid UTF-8"
	case strings.ContainsFunc(ref, unicode.IsControl):
		return "has a control character"
	}
	return ""
}
