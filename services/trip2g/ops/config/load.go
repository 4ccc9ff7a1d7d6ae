package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/caarlos0/env/v11"
	"github.com/spf13/pflag"
)

// Other variables of the command line's client side; the server knows them so that one
// environment can serve both.
var clientVariables = []string{Prefix + "URL", Prefix + "KEY"}

// Setting describes one setting for --help and for messages.
type Setting struct {
	Variable string // with the prefix
	Flag     string // without dashes
	Default  string
	Help     string
	field    string
	kind     string // for --help
}

// Settings lists every setting in the order of Config.
func Settings() []Setting {
	t := reflect.TypeFor[Config]()
	settings := make([]Setting, t.NumField())
	for i := range settings {
		f := t.Field(i)
		name := f.Tag.Get("env")
		settings[i] = Setting{
			Variable: Prefix + name,
			Flag:     strings.ReplaceAll(strings.ToLower(name), "_", "-"),
			Default:  f.Tag.Get("envDefault"),
			Help:     f.Tag.Get("help"),
			field:    f.Name,
			kind:     kindOf(f.Type),
		}
	}
	return settings
}

// AddFlags gives flags one flag a setting.
func AddFlags(flags *pflag.FlagSet) {
	for _, s := range Settings() {
		flags.Var(&flagValue{s.Default, s.kind}, s.Flag, fmt.Sprintf("%s [$%s]", s.Help, s.Variable))
	}
}

// flagValue is a setting as a flag: its text, which Read parses as it does a variable's, and for --help the
// kind of value that it takes.
type flagValue struct{ text, kind string }

func (v *flagValue) Set(text string) error { v.text = text; return nil }
func (v *flagValue) String() string        { return v.text }
func (v *flagValue) Type() string          { return v.kind }

// kindOf names what a setting takes, in the words of --help.
func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[Bytes]():
		return "size"
	case t.Kind() == reflect.Bool:
		return "true|false"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return "number"
	default:
		return "text"
	}
}

// Faults is everything that is wrong with the settings.
type Faults []string

// Error lists the faults, a line each.
func (f Faults) Error() string {
	return "the settings need a change:\n  - " + strings.Join(f, "\n  - ")
}

// Load reads the settings of a node that is to run. Secrets that a leader was not given are read
// from, or made and kept in, a file beside the database. The error is Faults with all there are.
func Load(flags *pflag.FlagSet, environ []string) (*Config, error) {
	c, err := Read(flags, environ)
	if err != nil {
		return nil, err
	}
	if faults := c.completeSecrets(); len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

// Read reads the settings, and writes nothing: a flag that was given wins over its variable in
// environ ("K=V" strings, as os.Environ gives them), that over the default; an empty value is the
// default. The error is Faults with all there are.
func Read(flags *pflag.FlagSet, environ []string) (*Config, error) {
	values, faults := environment(environ)
	faults = append(faults, adoptLeaderAddr(values, environ, flags)...)
	settings := Settings()
	for _, s := range settings {
		if f := flags.Lookup(s.Flag); f != nil && f.Changed {
			values[s.Variable] = f.Value.String()
		}
	}
	c := &Config{}
	err := env.ParseWithOptions(c, env.Options{Prefix: Prefix, Environment: values})
	faults = append(faults, parseFaults(err, settings, values)...)
	faults = append(faults, c.validate()...)
	if len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

// environment picks the TRIP2G_ variables and names those that nobody knows.
func environment(environ []string) (values map[string]string, faults Faults) {
	values = map[string]string{}
	var known []string
	for _, s := range Settings() {
		known = append(known, s.Variable)
	}
	known = append(known, clientVariables...)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(strings.ToUpper(name), Prefix) {
			continue
		}
		if !slices.Contains(known, name) {
			faults = append(faults, unknown(name, known))
			continue
		}
		values[name] = strings.TrimSpace(value)
	}
	slices.Sort(faults)
	return values, faults
}

// unknown suggests a setting of which at least half is what was written, the prefix not counted.
func unknown(name string, known []string) string {
	written := strings.TrimPrefix(strings.ToUpper(name), Prefix)
	distance := func(other string) int {
		return levenshtein.ComputeDistance(written, strings.TrimPrefix(other, Prefix))
	}
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
	if distance(nearest) > len(written)/2 {
		return fmt.Sprintf("%s is no setting of this server: unset it, or see `trip2g serve --help` for those there are", name)
	}
	return fmt.Sprintf("%s is no setting of this server: did you mean %s?", name, nearest)
}

// parseFaults puts the library's errors into the words of the setting they are about. A secret's
// value never comes back: those fields are plain strings, which always parse.
func parseFaults(err error, settings []Setting, values map[string]string) (faults Faults) {
	var all env.AggregateError
	if !errors.As(err, &all) {
		if err != nil {
			faults = append(faults, err.Error())
		}
		return faults
	}
	for _, e := range all.Errors {
		var p env.ParseError
		if !errors.As(e, &p) {
			faults = append(faults, e.Error())
			continue
		}
		i := slices.IndexFunc(settings, func(s Setting) bool { return s.field == p.Name })
		s := settings[i]
		fault := fmt.Sprintf("%s=%s: %v", s.Variable, values[s.Variable], cause(p))
		if s.Default != "" {
			fault += "; e.g. " + s.Default
		}
		faults = append(faults, fault)
	}
	return faults
}

func cause(p env.ParseError) string {
	switch {
	case strings.HasSuffix(p.Type.String(), "Duration"):
		return "is no duration"
	case p.Type.Kind() == reflect.Bool:
		return "is neither true nor false"
	default:
		return p.Err.Error()
	}
}
