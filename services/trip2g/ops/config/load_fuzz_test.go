package config_test

import (
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"trip2g/services/trip2g/ops/config"
)

// FuzzLoad reads any environment. A node either starts with valid settings or reports what to
// change. In neither case does it show a secret.
func FuzzLoad(f *testing.F) {
	for _, environ := range []string{
		"", "LEADER_ADDR=app:8082\nNODE_NAME=r1", "DB_FILE=a/\nLISTEN_ADDR=::1:80", "LISTEN_ADDR=[::1]:80\nINTERNAL_LISTEN_ADDR=[::1]:80",
		"PUBLIC_URL=https://example.com/\nLITEFS_URL=http://[::1", "TRUSTED_PROXIES=127.0.0.1, 10.0.0.0/8,::ffff:192.0.2.1,fe80::1%eth0",
		"MAX_NOTE_SIZE=1e3\nMAX_ASSET_SIZE=9223372036854774784", "DISK_RESERVE=-1\nBODY_CACHE_SIZE=NaN\nFILE_CACHE_SIZE=0x10", "FORWARD_WAIT=-1s\nREAD_WAIT=1e9h\nSHUTDOWN_TIMEOUT=1ns",
		"SMTP_ADDR=smtp.example.com:465\nSMTP_FROM=a <a@b>\nSMTP_USERNAME=a", "SMTP_TLS=x\nSMTP_FROM=\x00", "FAST_LANE=yes\nPROFILE=2\nLOG_LEVEL=INFO", "OWNER_EMAIL=a@b c\nSESSION_COOKIE_NAME=a;b",
		"MINIO_BUCKET=a\nLOG_LEVLE=debug\nX", "LITEFS_TUNNEL_ADDR=localhost:1\nLEADER_ADDR=http://a:1", "db_file=a\n=\n==",
	} {
		f.Add(environ)
	}
	const secret = "fuzzed-secret-that-nothing-shows"
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\x00") {
			return // no environment contains these
		}
		var environ []string
		for _, line := range strings.Split(text, "\n") {
			environ = append(environ, config.Prefix+line)
		}
		environ = append(environ, config.Prefix+"JWT_SECRET="+secret, config.Prefix+"DATA_ENCRYPTION_KEY="+secret)
		if strings.Contains(text, "SMTP_ADDR") { // without it a password is an error
			environ = append(environ, config.Prefix+"SMTP_PASSWORD="+secret)
		}
		c, err := config.Load(pflag.NewFlagSet("serve", pflag.ContinueOnError), environ)
		if err != nil {
			checkFaults(t, err, secret)
			return
		}
		checkConfig(t, c, secret)
	})
}

func checkFaults(t *testing.T, err error, secret string) {
	var faults config.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("an error that names no setting: %v", err)
	}
	for _, fault := range faults {
		if !strings.Contains(strings.ToUpper(fault), config.Prefix) {
			t.Errorf("%q names no setting", fault)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("an error shows a secret: %v", err)
	}
}

// checkConfig checks the properties on which the packages that use the settings rely.
func checkConfig(t *testing.T, c *config.Config, secret string) {
	for _, addr := range []string{c.ListenAddr, c.InternalListenAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			t.Errorf("the node is to listen at %q", addr)
		}
	}
	for name, size := range map[string]config.Bytes{
		"MAX_NOTE_SIZE": c.MaxNoteSize, "MAX_ASSET_SIZE": c.MaxAssetSize, "DISK_RESERVE": c.DiskReserve,
		"BODY_CACHE_SIZE": c.BodyCacheSize, "FILE_CACHE_SIZE": c.FileCacheSize,
	} {
		if size <= 0 || 4*size <= 0 { // packages add to sizes and multiply them
			t.Errorf("%s is %d bytes", name, size)
		}
	}
	for _, network := range c.TrustedProxies {
		if !network.Contains(network.Addr().Unmap()) {
			t.Errorf("the proxy %s is never trusted", network)
		}
	}
	checkShownValues(t, c, secret)
}

// checkShownValues starts another node with the values that the admin page shows. It gets the same
// settings, except that sizes are shown with four digits.
func checkShownValues(t *testing.T, c *config.Config, secret string) {
	shown := map[string]string{}
	for _, v := range c.Values() {
		if strings.Contains(v.Value, secret) {
			t.Errorf("%s shows a secret: %q", v.Name, v.Value)
		}
		if !v.Secret {
			shown[v.Name] = v.Value
		}
	}
	environ := []string{config.Prefix + "JWT_SECRET=" + secret, config.Prefix + "DATA_ENCRYPTION_KEY=" + secret}
	if c.SMTPPassword != "" {
		environ = append(environ, config.Prefix+"SMTP_PASSWORD="+secret)
	}
	if c.MinioSecretAccessKey != "" {
		environ = append(environ, config.Prefix+"MINIO_SECRET_KEY="+secret)
	}
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		environ = append(environ, name+"="+shown[name])
	}
	again, err := config.Load(pflag.NewFlagSet("serve", pflag.ContinueOnError), environ)
	if err != nil {
		t.Fatalf("the values shown are refused: %v", err)
	}
	for _, v := range again.Values() {
		if !v.Secret && !strings.HasSuffix(v.Name, "_SIZE") && v.Name != "TRIP2G_DISK_RESERVE" && v.Value != shown[v.Name] {
			t.Errorf("%s is shown as %q and read as %q", v.Name, shown[v.Name], v.Value)
		}
	}
}
