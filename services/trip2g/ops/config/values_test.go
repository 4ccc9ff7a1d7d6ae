package config

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// A node's settings on the admin page must not let a bystander sign as a replica.
func TestValuesHideSecrets(t *testing.T) {
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	AddFlags(flags)
	const secret = "0123456789abcdef-very-secret"
	c, err := Load(flags, []string{
		"TRIP2G_DB_FILE=" + t.TempDir() + "/data.sqlite3", "TRIP2G_JWT_SECRET=" + secret, "TRIP2G_NODE_NAME=first",
		"TRIP2G_DATA_ENCRYPTION_KEY=0123456789abcdef0123456789abcdef", "TRIP2G_MAX_NOTE_SIZE=1MiB",
	})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, v := range c.Values() {
		if strings.Contains(v.Value, "0123456789") {
			t.Errorf("%s shows %q", v.Name, v.Value)
		}
		if v.Help == "" {
			t.Errorf("%s has no help", v.Name)
		}
		if v.Secret {
			v.Value = map[bool]string{true: "a secret", false: "no secret"}[v.IsSet]
		}
		shown[v.Name] = v.Value
	}
	for name, want := range map[string]string{
		"TRIP2G_JWT_SECRET": "a secret", "TRIP2G_DATA_ENCRYPTION_KEY": "a secret", "TRIP2G_MINIO_SECRET_KEY": "no secret",
		"TRIP2G_NODE_NAME": "first", "TRIP2G_MAX_NOTE_SIZE": "1MiB", "TRIP2G_FAST_LANE": "true", "TRIP2G_READ_WAIT": "1s", "TRIP2G_PUBLIC_URL": "", "TRIP2G_TRUSTED_PROXIES": "",
	} {
		if shown[name] != want {
			t.Errorf("%s is %q, want %q", name, shown[name], want)
		}
	}
	if len(shown) != len(Settings()) {
		t.Errorf("%d of %d settings are shown", len(shown), len(Settings()))
	}
}
