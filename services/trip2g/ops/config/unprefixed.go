package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// UnprefixedLeaderAddr is the one variable that counts without its prefix. Where it is meant and not
// read, a replica would start as a second leader.
const UnprefixedLeaderAddr = "LEADER_ADDR"

const leaderAddr = Prefix + UnprefixedLeaderAddr

// adoptLeaderAddr puts an unprefixed LEADER_ADDR in its place. A node that is told of two leaders, or
// of one and of none, does not start: which of them is meant decides what it may write.
func adoptLeaderAddr(values map[string]string, environ []string, flags *pflag.FlagSet) (faults Faults) {
	unprefixed := lookup(environ, UnprefixedLeaderAddr)
	switch prefixed := values[leaderAddr]; {
	case prefixed == "":
		values[leaderAddr] = unprefixed
	case unprefixed != "" && unprefixed != prefixed:
		faults = append(faults, fmt.Sprintf("%s: %s is set to another address than %s: unset one of them", leaderAddr, UnprefixedLeaderAddr, leaderAddr))
	}
	if f := flags.Lookup("leader-addr"); f != nil && f.Changed && strings.TrimSpace(f.Value.String()) == "" && values[leaderAddr] != "" {
		faults = append(faults, fmt.Sprintf("%s: --leader-addr is empty, but the environment names a leader: leave one of them out", leaderAddr))
	}
	return faults
}

// Unprefixed returns the settings that are in environ without their prefix alone, which have no
// effect. Other programs may have their own of the same name, so they are no faults.
func Unprefixed(environ []string) (names []string) {
	for _, s := range Settings() {
		name := strings.TrimPrefix(s.Variable, Prefix)
		if name != UnprefixedLeaderAddr && lookup(environ, name) != "" && lookup(environ, s.Variable) == "" {
			names = append(names, name)
		}
	}
	return names
}

// lookup returns the value of a variable in "K=V" strings, without blanks around it; the last counts.
func lookup(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if key, value, _ := strings.Cut(entry, "="); key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
