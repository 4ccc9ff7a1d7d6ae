package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"trip2g/services/trip2g/ops/config"
)

const (
	jwt = "TRIP2G_JWT_SECRET=sixteen-bytes-or-more"
	key = "TRIP2G_DATA_ENCRYPTION_KEY=0123456789abcdef0123456789abcdef"
)

func load(t *testing.T, args []string, environ ...string) (*config.Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags, environ)
}

func TestNoSettingAtAllIsALeaderWithKeptSecrets(t *testing.T) {
	c, err := load(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.DBFile != "data.sqlite3" || c.ListenAddr != ":8081" || c.InternalListenAddr != "127.0.0.1:8082" || c.Replica() {
		t.Errorf("defaults are %+v", c)
	}
	info, err := os.Stat("data.sqlite3" + config.SecretsEnding)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the secrets' file: %v, %v; want mode 0600", info, err)
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	again, err := config.Load(flags, nil)
	if err != nil || again.JWTSecret != c.JWTSecret || again.EncryptionKey() != c.EncryptionKey() {
		t.Errorf("a second start has other secrets (error %v)", err)
	}
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	c, err := load(t, []string{"--db-file", "b.sqlite3"}, "TRIP2G_DB_FILE=a.sqlite3", "TRIP2G_LISTEN_ADDR=")
	if err != nil {
		t.Fatal(err)
	}
	if c.DBFile != "b.sqlite3" || c.ListenAddr != ":8081" {
		t.Errorf("DBFile %q, ListenAddr %q", c.DBFile, c.ListenAddr)
	}
}

// TestANodeThatIsToldOfALeaderIsNoSecondLeader names the leader without the prefix, as old stacks
// do. A node that overlooked it would start as a leader of its own and accept writes.
func TestANodeThatIsToldOfALeaderIsNoSecondLeader(t *testing.T) {
	for _, tt := range []struct {
		args, environ []string
		want          string
	}{
		{nil, []string{"LEADER_ADDR=app:20082"}, "app:20082"},
		{nil, []string{"LEADER_ADDR= app:20082 ", "TRIP2G_LEADER_ADDR="}, "app:20082"},
		{nil, []string{"LEADER_ADDR=app:20082", "TRIP2G_LEADER_ADDR=app:20082"}, "app:20082"},
		{nil, []string{"LEADER_ADDR=", "TRIP2G_LEADER_ADDR=app:20082"}, "app:20082"},
		{nil, []string{"LEADER_ADDR="}, ""},
		{[]string{"--leader-addr=b:1"}, []string{"LEADER_ADDR=app:20082"}, "b:1"},
	} {
		c, err := load(t, tt.args, append(tt.environ, jwt, key)...)
		if err != nil || c.LeaderAddr != tt.want || c.Replica() != (tt.want != "") {
			t.Errorf("%v %v: the leader is %+v, %v", tt.args, tt.environ, c, err)
		}
	}
	for _, name := range []string{"LEADER_ADDR", "TRIP2G_LEADER_ADDR"} {
		_, err := load(t, []string{"--leader-addr", ""}, name+"=app:20082", jwt, key)
		if err == nil || !strings.Contains(err.Error(), "--leader-addr is empty, but the environment sets a leader") {
			t.Errorf("with an empty flag and %s: %v", name, err)
		}
	}
}

func TestASettingWithoutItsPrefixIsNamed(t *testing.T) {
	got := config.Unprefixed([]string{
		"LISTEN_ADDR=:80", "DB_FILE=", "PUBLIC_URL=https://a.example", "TRIP2G_PUBLIC_URL=https://b.example",
		"LEADER_ADDR=app:20082", "JWT_SECRET=sixteen-bytes-or-more", "HOME=/root",
	})
	if fmt.Sprint(got) != "[LISTEN_ADDR JWT_SECRET]" {
		t.Errorf("named are %v", got)
	}
}

func TestTrustedProxiesAreAddressesAndNetworks(t *testing.T) {
	c, err := load(t, nil, "TRIP2G_TRUSTED_PROXIES=127.0.0.1, 10.1.2.3/8,fd00::/8")
	if err != nil || fmt.Sprint(c.TrustedProxies) != "127.0.0.1/32,10.0.0.0/8,fd00::/8" {
		t.Errorf("read %v, %v", c.TrustedProxies, err)
	}
	c, err = load(t, nil, "TRIP2G_TRUSTED_PROXIES=")
	if err != nil || len(c.TrustedProxies) != 0 {
		t.Errorf("nothing is read as %v, %v", c.TrustedProxies, err)
	}
}

func TestAFaultNamesTheVariableAndTheCure(t *testing.T) {
	for _, tt := range []struct {
		environ []string
		want    []string
	}{
		{[]string{"TRIP2G_DATABASE_FILE=x"}, []string{"TRIP2G_DATABASE_FILE", "did you mean TRIP2G_DB_FILE"}},
		{[]string{"TRIP2G_LISTEN_ADR=:1"}, []string{"did you mean TRIP2G_LISTEN_ADDR"}},
		{[]string{"trip2g_leader_addr=a:1", jwt, key}, []string{"trip2g_leader_addr", "did you mean TRIP2G_LEADER_ADDR"}},
		{[]string{"LEADER_ADDR=b:1", "TRIP2G_LEADER_ADDR=a:1", jwt, key}, []string{"LEADER_ADDR is set to another address than TRIP2G_LEADER_ADDR", "unset one"}},
		{[]string{"LEADER_ADDR=http://a:1", jwt, key}, []string{"TRIP2G_LEADER_ADDR", "URL"}},
		{[]string{"TRIP2G_FOO=1"}, []string{"TRIP2G_FOO is not a setting of this server: unset it"}},
		{[]string{"TRIP2G_XYZZY_PLUGH_FROTZ_BAZ=1"}, []string{"not a setting of this server", "--help"}},
		{[]string{"TRIP2G_DB_FILE=data-wal"}, []string{"TRIP2G_DB_FILE", "-wal"}},
		{[]string{"TRIP2G_DB_FILE=/no/such/folder/data.sqlite3"}, []string{"TRIP2G_DB_FILE", "mkdir -p /no/such/folder"}},
		{[]string{"TRIP2G_LISTEN_ADDR=8081"}, []string{"TRIP2G_LISTEN_ADDR", ":8081"}},
		{[]string{"TRIP2G_LISTEN_ADDR=:99999"}, []string{"TRIP2G_LISTEN_ADDR", "65535"}},
		{[]string{"TRIP2G_INTERNAL_LISTEN_ADDR=:8081"}, []string{"TRIP2G_INTERNAL_LISTEN_ADDR", "another"}},
		{[]string{"TRIP2G_LEADER_ADDR=a:1"}, []string{"TRIP2G_JWT_SECRET", "leader's"}},
		{[]string{"TRIP2G_LEADER_ADDR=a:1", jwt}, []string{"TRIP2G_DATA_ENCRYPTION_KEY", "leader's"}},
		{[]string{"TRIP2G_LEADER_ADDR=http://a:1", jwt, key}, []string{"TRIP2G_LEADER_ADDR", "URL"}},
		{[]string{"TRIP2G_LEADER_ADDR=:8082", jwt, key}, []string{"TRIP2G_LEADER_ADDR"}},
		{[]string{"TRIP2G_LEADER_ADDR=127.0.0.1:8082", jwt, key}, []string{"TRIP2G_LEADER_ADDR", "own address"}},
		{[]string{"TRIP2G_JWT_SECRET=short"}, []string{"TRIP2G_JWT_SECRET", "16"}},
		{[]string{"TRIP2G_DATA_ENCRYPTION_KEY=short"}, []string{"TRIP2G_DATA_ENCRYPTION_KEY", "exactly 32"}},
		{[]string{"TRIP2G_SECRETS_FILE=/no/such/folder/secrets"}, []string{"TRIP2G_SECRETS_FILE", "mkdir -p /no/such/folder"}},
		{[]string{"TRIP2G_OWNER_EMAIL=nobody"}, []string{"TRIP2G_OWNER_EMAIL"}},
		{[]string{"TRIP2G_PUBLIC_URL=example.com"}, []string{"TRIP2G_PUBLIC_URL", "https://example.com"}},
		{[]string{"TRIP2G_SESSION_COOKIE_NAME=a b"}, []string{"TRIP2G_SESSION_COOKIE_NAME"}},
		{[]string{"TRIP2G_FORWARD_WAIT=soon"}, []string{"TRIP2G_FORWARD_WAIT", "15s"}},
		{[]string{"TRIP2G_MAX_NOTE_SIZE=big"}, []string{"TRIP2G_MAX_NOTE_SIZE", "16MiB"}},
		{[]string{"TRIP2G_MAX_NOTE_SIZE=1GiB"}, []string{"TRIP2G_MAX_NOTE_SIZE", "48MiB"}},
		{[]string{"TRIP2G_READ_WAIT=2h"}, []string{"TRIP2G_READ_WAIT", "1m"}},
		{[]string{"TRIP2G_FILE_CACHE_DIR=/no/such/folder"}, []string{"TRIP2G_FILE_CACHE_DIR", "mkdir -p /no/such/folder"}},
		{[]string{"TRIP2G_FAST_LANE=maybe"}, []string{"TRIP2G_FAST_LANE=maybe: must be true or false"}},
		{[]string{"TRIP2G_LOG_LEVEL=loud"}, []string{"TRIP2G_LOG_LEVEL", "debug"}},
		{[]string{"TRIP2G_TRUSTED_PROXIES=10.0.0.0/8,proxy"}, []string{"TRIP2G_TRUSTED_PROXIES", "\"proxy\" is neither"}},
		{[]string{"TRIP2G_SMTP_FROM=a@example.com"}, []string{"TRIP2G_SMTP_FROM", "TRIP2G_SMTP_ADDR is not"}},
		{[]string{"TRIP2G_SMTP_ADDR=smtp.example.com"}, []string{"TRIP2G_SMTP_ADDR", "smtp.example.com:587", "TRIP2G_SMTP_FROM"}},
		{[]string{"TRIP2G_SMTP_ADDR=m:465", "TRIP2G_SMTP_FROM=a@example.com"}, []string{"TRIP2G_SMTP_TLS", "set it to tls"}},
		{[]string{"TRIP2G_SMTP_ADDR=m:587", "TRIP2G_SMTP_FROM=a@b\r\nBcc: c@d"}, []string{"TRIP2G_SMTP_FROM", "not a sender"}},
		{[]string{"TRIP2G_SMTP_ADDR=m:587", "TRIP2G_SMTP_FROM=a@b", "TRIP2G_SMTP_USERNAME=a"}, []string{"TRIP2G_SMTP_PASSWORD", "both or neither"}},
		{[]string{"TRIP2G_SMTP_ADDR=m:25", "TRIP2G_SMTP_FROM=a@b", "TRIP2G_SMTP_USERNAME=a", "TRIP2G_SMTP_PASSWORD=b", "TRIP2G_SMTP_TLS=none"},
			[]string{"TRIP2G_SMTP_TLS", "in the clear"}},
		{[]string{"TRIP2G_SMTP_TLS=yes"}, []string{"TRIP2G_SMTP_TLS", "starttls, tls, none"}},
		{[]string{"TRIP2G_MINIO_BUCKET=b"}, []string{"TRIP2G_MINIO_ENDPOINT", "all four"}},
		{[]string{"TRIP2G_LISTEN_ADDR=x", "TRIP2G_OWNER_EMAIL=y", "TRIP2G_FORWARD_WAIT=z"},
			[]string{"TRIP2G_LISTEN_ADDR", "TRIP2G_OWNER_EMAIL", "TRIP2G_FORWARD_WAIT"}},
	} {
		t.Run(strings.Join(tt.environ, " "), func(t *testing.T) {
			_, err := load(t, nil, tt.environ...)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("message lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestALeaderAndItsReplicaShareASecretsFile(t *testing.T) {
	file := "TRIP2G_SECRETS_FILE=" + filepath.Join(t.TempDir(), "secrets")
	type loaded struct {
		*config.Config
		err error
	}
	replica := make(chan loaded, 1)
	go func() { // before there is a file
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		c, err := config.Load(flags, []string{file, "TRIP2G_LEADER_ADDR=a:1"})
		replica <- loaded{c, err}
	}()
	leader, err := load(t, nil, file)
	if err != nil {
		t.Fatal(err)
	}
	r := <-replica
	if r.err != nil {
		t.Fatal(r.err)
	}
	if leader.JWTSecret == "" || r.JWTSecret != leader.JWTSecret || r.EncryptionKey() != leader.EncryptionKey() {
		t.Error("the replica has other secrets than its leader")
	}
	given, err := load(t, nil, file, jwt)
	if err != nil || given.JWTSecret.Reveal() != strings.TrimPrefix(jwt, "TRIP2G_JWT_SECRET=") || given.EncryptionKey() != leader.EncryptionKey() {
		t.Errorf("a secret that is set does not win over the file's (error %v)", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, err := load(t, nil, jwt, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(format, *c); strings.Contains(out, "sixteen") || strings.Contains(out, "0123456789abcdef") {
			t.Errorf("%s prints a secret: %s", format, out)
		}
	}
	_, err = load(t, nil, "TRIP2G_JWT_SECRET=tiny-secret", "TRIP2G_DATA_ENCRYPTION_KEY=tiny-key")
	if err == nil || strings.Contains(err.Error(), "tiny") {
		t.Errorf("a fault prints the secret: %v", err)
	}
}

func TestABrokenSecretsFileStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "data.sqlite3")
	if err := os.WriteFile(db+config.SecretsEnding, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, nil, "TRIP2G_DB_FILE="+db)
	if err == nil || !strings.Contains(err.Error(), db+config.SecretsEnding) {
		t.Errorf("error is %v, want one that names the file", err)
	}
}

func TestADatabaseWithoutItsSecretsGetsNoNewOnes(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "data.sqlite3")
	if err := os.WriteFile(db, []byte("SQLite format 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, environ := range [][]string{{"TRIP2G_DB_FILE=" + db}, {"TRIP2G_DB_FILE=" + db, jwt}} {
		_, err := load(t, nil, environ...)
		if err == nil || !strings.Contains(err.Error(), "put "+db+config.SecretsEnding+" back from the backup") {
			t.Errorf("%v: error is %v, want one that names the file", environ, err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("the folder has %v, want the database alone", files)
	}
	for _, given := range [][]string{{jwt, key}, {jwt, key, "TRIP2G_LEADER_ADDR=a:1"}} {
		if _, err := load(t, nil, append(given, "TRIP2G_DB_FILE="+db)...); err != nil {
			t.Errorf("with the secrets in the settings: %v", err)
		}
	}
	if err := os.Truncate(db, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, nil, "TRIP2G_DB_FILE="+db); err != nil {
		t.Errorf("an empty file is refused: %v", err)
	}
}
