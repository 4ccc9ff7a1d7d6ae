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

// clientVariables are variables of the client commands. The server accepts them, so that one
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

// AddFlags adds one flag per setting.
func AddFlags(flags *pflag.FlagSet) {
	for _, s := range Settings() {
		flags.Var(&flagValue{s.Default, s.kind}, s.Flag, fmt.Sprintf("%s [$%s]", s.Help, s.Variable))
	}
}

// flagValue is a setting as a flag: its text, which Read parses like that of a variable, and the
// kind of value for --help.
type flagValue struct{ text, kind string }

func (v *flagValue) Set(text string) error { v.text = text; return nil }
func (v *flagValue) String() string        { return v.text }
func (v *flagValue) Type() string          { return v.kind }

// kindOf returns the kind of a setting's value for --help.
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

// Faults lists everything that is wrong with the settings.
type Faults []string

// Error returns the faults, one per line.
func (f Faults) Error() string {
	return "the settings need a change:\n  - " + strings.Join(f, "\n  - ")
}

// Load reads the settings of a node that is to run. Secrets that are not set on a leader are read
// from a file next to the database, which is created if necessary. The error is Faults with all of
// them.
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

// Read reads the settings without side effects. A flag takes precedence over its variable in
// environ ("K=V" strings as from os.Environ), and the variable over the default. An empty value
// means the default. The error is Faults with all of them.
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

// environment returns the TRIP2G_ variables, and a fault for each unknown one.
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

// unknown describes an unknown variable. It suggests the most similar setting if at least half of
// the name matches, without the prefix.
func unknown(name string, known []string) string {
	written := strings.TrimPrefix(strings.ToUpper(name), Prefix)
	distance := func(other string) int {
		return levenshtein.ComputeDistance(written, strings.TrimPrefix(other, Prefix))
	}
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
	if distance(nearest) > len(written)/2 {
		return fmt.Sprintf("%s is not a setting of this server: unset it, or see `trip2g serve --help` for all settings", name)
	}
	return fmt.Sprintf("%s is not a setting of this server: did you mean %s?", name, nearest)
}

// parseFaults converts the library's errors. No secret appears in them, because secrets are plain
// strings, which always parse.
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
		return "is not a duration"
	case p.Type.Kind() == reflect.Bool:
		return "must be true or false"
	default:
		return p.Err.Error()
	}
}
