package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// UnprefixedLeaderAddr is the only variable that is read without the prefix. If it were ignored, a
// replica could start as a second leader.
const UnprefixedLeaderAddr = "LEADER_ADDR"

const leaderAddr = Prefix + UnprefixedLeaderAddr

// adoptLeaderAddr uses an unprefixed LEADER_ADDR as TRIP2G_LEADER_ADDR. A node with contradictory
// values does not start.
func adoptLeaderAddr(values map[string]string, environ []string, flags *pflag.FlagSet) (faults Faults) {
	unprefixed := lookup(environ, UnprefixedLeaderAddr)
	switch prefixed := values[leaderAddr]; {
	case prefixed == "":
		values[leaderAddr] = unprefixed
	case unprefixed != "" && unprefixed != prefixed:
		faults = append(faults, fmt.Sprintf("%s: %s is set to another address than %s: unset one of them", leaderAddr, UnprefixedLeaderAddr, leaderAddr))
	}
	if f := flags.Lookup("leader-addr"); f != nil && f.Changed && strings.TrimSpace(f.Value.String()) == "" && values[leaderAddr] != "" {
		faults = append(faults, fmt.Sprintf("%s: --leader-addr is empty, but the environment sets a leader: remove one of them", leaderAddr))
	}
	return faults
}

// Unprefixed returns the settings that environ contains only without their prefix. They have no
// effect, and are not faults, because other programs can use the same names.
func Unprefixed(environ []string) (names []string) {
	for _, s := range Settings() {
		name := strings.TrimPrefix(s.Variable, Prefix)
		if name != UnprefixedLeaderAddr && lookup(environ, name) != "" && lookup(environ, s.Variable) == "" {
			names = append(names, name)
		}
	}
	return names
}

// lookup returns the trimmed value of a variable in "K=V" strings; the last one counts.
func lookup(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if key, value, _ := strings.Cut(entry, "="); key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
