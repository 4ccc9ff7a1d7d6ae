package graphql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"

	"trip2g/internal/tempdir"
)

// Limits of a multipart body, in bytes unless noted.
const (
	maxOperations = 1 << 20  // first part
	maxMap        = 64 << 10 // second part
	maxFiles      = 10       // number of further parts
	multipartRoom = 1 << 20  // of the body, in addition to the largest file
	maxInMemory   = 8 << 20  // of a file; a larger one goes to a temporary file
)

// multipartTransport parses a form by the GraphQL multipart request specification
// (github.com/jaydenseric/graphql-multipart-request-spec): operations, map, then files. The
// operation runs once the whole body has arrived, so half of one changes nothing.
type multipartTransport struct {
	maxAsset int64 // bytes
	tempDirs tempdir.Dirs
	stream   streamFunc
}

var _ graphql.Transport = multipartTransport{}

func (multipartTransport) Supports(r *http.Request) bool {
	return hasMediaType(r, "multipart/form-data")
}

func (t multipartTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	limit := t.maxAsset + multipartRoom
	if r.ContentLength > limit {
		refuseBody(w, r, tooLarge(limit))
		return
	}
	form := &form{keep: callOf(r.Context()).authorized(), tempDirs: t.tempDirs}
	defer form.close()
	whole := r.Body
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	params, err := form.read(r)
	r.Body = whole
	if err != nil {
		refuseForm(w, r, err, limit)
		return
	}
	execute(w, r, exec, params, t.stream)
}

// refuseForm responds to an error of reading a form.
func refuseForm(w http.ResponseWriter, r *http.Request, err error, limit int64) {
	var past *http.MaxBytesError
	switch {
	case errors.As(err, &past):
		err = tooLarge(limit)
	case isSpoolFault(err):
		zerolog.Ctx(r.Context()).Error().Err(err).Msg("keep an upload in a temporary file")
		err = &refusal{http.StatusServiceUnavailable, "the server cannot take an upload now (its temporary folder is full or missing); nothing was written; try again later"}
	}
	refuseBody(w, r, err)
}

// isSpoolFault reports whether an error is about a temporary file, and not about the body.
func isSpoolFault(err error) bool {
	var path *os.PathError
	return errors.As(err, &path) || errors.Is(err, tempdir.ErrNone)
}

// form parses a multipart body.
type form struct {
	keep     bool // false: files are read and dropped, for an operation that will be refused
	tempDirs tempdir.Dirs
	files    []*tempdir.Spool
}

func (f *form) close() {
	for _, file := range f.files {
		file.Close()
	}
}

func (f *form) read(r *http.Request) (*graphql.RawParams, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, badForm("%v", err)
	}
	operations, err := field(reader, "operations", maxOperations)
	if err != nil {
		return nil, err
	}
	params, err := decodeParams(operations)
	if err != nil {
		return nil, err
	}
	mapping, err := field(reader, "map", maxMap)
	if err != nil {
		return nil, err
	}
	targets := map[string][]string{}
	if err := json.Unmarshal(mapping, &targets); err != nil {
		return nil, badForm("its map is no object of lists: %v", err)
	}
	if len(targets) > maxFiles {
		return nil, badForm("it has %d files; at most %d are taken", len(targets), maxFiles)
	}
	return params, f.readFiles(reader, params, targets)
}

// field reads the next part, which must have this name.
func field(reader *multipart.Reader, name string, limit int64) ([]byte, error) {
	part, err := reader.NextPart()
	if err == io.EOF {
		return nil, badForm("it has no part %q", name)
	}
	if err != nil {
		return nil, err
	}
	if part.FormName() != name {
		return nil, badForm("its parts must be operations, map and files, in this order; %q is missing", name)
	}
	body, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, badForm("its part %q has more than %d bytes", name, limit)
	}
	return body, nil
}

// readFiles reads all remaining parts and sets each at the paths in the map.
func (f *form) readFiles(reader *multipart.Reader, params *graphql.RawParams, targets map[string][]string) error {
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		paths := targets[part.FormName()]
		if len(paths) == 0 {
			return badForm("its map names no place for the part %.100q", part.FormName())
		}
		delete(targets, part.FormName())
		content, size, err := f.spool(part)
		if err != nil {
			return err
		}
		for _, path := range paths {
			upload := graphql.Upload{
				File:        io.NewSectionReader(content, 0, size),
				Filename:    part.FileName(),
				Size:        size,
				ContentType: part.Header.Get("Content-Type"),
			}
			if err := place(params.Variables, path, upload); err != nil {
				return err
			}
		}
	}
	for name := range targets {
		return badForm("the file %.100q of its map is missing", name)
	}
	return nil
}

// spool reads a file to its end. A temporary file is unlinked once it is open, so nothing remains
// after a crash.
func (f *form) spool(part io.Reader) (io.ReaderAt, int64, error) {
	if !f.keep {
		_, err := io.Copy(io.Discard, part)
		return bytes.NewReader(nil), 0, err
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, part, maxInMemory)
	if err == io.EOF {
		return bytes.NewReader(head.Bytes()), n, nil
	}
	if err != nil {
		return nil, 0, err
	}
	file, err := f.tempDirs.NewSpool()
	if err != nil {
		return nil, 0, err
	}
	f.files = append(f.files, file)
	n, err = io.Copy(file, io.MultiReader(&head, part))
	return file, n, err
}

// place sets the variable at a path of the map, "variables.input.file" or "variables.files.0".
func place(variables map[string]any, path string, upload graphql.Upload) error {
	names := strings.Split(path, ".")
	if len(names) < 2 || names[0] != "variables" {
		return badForm("its map has %.100q, which is no path in the variables", path)
	}
	var at any = variables
	for i, name := range names[1:] {
		last := i == len(names)-2
		switch container := at.(type) {
		case map[string]any:
			if container == nil {
				return badForm("its map has %.100q, but there are no variables", path)
			}
			if last {
				if !isFree(container[name]) {
					return badForm("its map has %.100q, which already has a value", path)
				}
				container[name] = upload
				continue
			}
			at = container[name]
		case []any:
			index, err := strconv.Atoi(name)
			if err != nil || index < 0 || index >= len(container) {
				return badForm("its map has %.100q, which is not in the variables", path)
			}
			if last {
				if !isFree(container[index]) {
					return badForm("its map has %.100q, which already has a value", path)
				}
				container[index] = upload
				continue
			}
			at = container[index]
		default:
			return badForm("its map has %.100q, which is not in the variables", path)
		}
	}
	return nil
}

// isFree reports whether a file can replace a variable without losing another file or values.
func isFree(value any) bool {
	switch v := value.(type) {
	case graphql.Upload:
		return false
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return true
}

func badForm(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "the form is no GraphQL multipart request: " + fmt.Sprintf(format, args...) + "; nothing was written"}
}
