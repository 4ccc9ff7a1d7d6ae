package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trip2g/internal/litefs"
)

var (
	// cookieName matches a token of RFC 9110, section 5.6.2.
	cookieName     = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	nodeName       = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	logLevels      = []string{"debug", "info", "warn", "error"}
	logFormats     = []string{"auto", "console", "json"}
	mailSecurities = []string{"starttls", "tls", "none"}
)

// validate returns all faults, and completes settings that depend on others.
func (c *Config) validate() (faults Faults) {
	add := func(name, format string, args ...any) {
		faults = append(faults, Prefix+name+": "+fmt.Sprintf(format, args...))
	}
	for _, check := range []func(add func(string, string, ...any)){
		c.checkDatabase, c.checkAddresses, c.checkURLs, c.checkSecrets, c.checkNames, c.checkLimits, c.checkMail, c.checkStorage,
	} {
		check(add)
	}
	return faults
}

func (c *Config) checkDatabase(add func(string, string, ...any)) {
	if suffix := litefs.ReservedSuffix(c.DBFile); suffix != "" {
		add("DB_FILE", "%q ends in %s, which SQLite and LiteFS keep for their own files: choose another name, e.g. data.sqlite3", c.DBFile, suffix)
	}
	if strings.HasSuffix(c.DBFile, "/") {
		add("DB_FILE", "%q is a folder: set it to a file in it, e.g. %s", c.DBFile, filepath.Join(c.DBFile, "data.sqlite3"))
		return
	}
	// A replica waits for its database, and so for the folder.
	if dir := filepath.Dir(c.DBFile); !c.Replica() && !isDir(dir) {
		add("DB_FILE", "%q is in a folder that does not exist: create it with `mkdir -p %s`", c.DBFile, dir)
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (c *Config) checkAddresses(add func(string, string, ...any)) {
	checkListen := func(name, addr string) {
		if fault := addressFault(addr); fault != "" {
			add(name, "%q %s: set it to host:port or :port, e.g. :8081", addr, fault)
		}
	}
	checkListen("LISTEN_ADDR", c.ListenAddr)
	checkListen("INTERNAL_LISTEN_ADDR", c.InternalListenAddr)
	if c.ListenAddr == c.InternalListenAddr && !strings.HasSuffix(c.ListenAddr, ":0") {
		add("INTERNAL_LISTEN_ADDR", "is the same as %sLISTEN_ADDR: the internal port must be another one", Prefix)
	}
	if !c.Replica() {
		return
	}
	host, _, _ := net.SplitHostPort(c.LeaderAddr)
	switch fault := addressFault(c.LeaderAddr); {
	case strings.Contains(c.LeaderAddr, "://"):
		add("LEADER_ADDR", "%q is a URL: set it to the leader's internal address only, e.g. 10.20.0.2:8082", c.LeaderAddr)
	case fault != "" || host == "":
		add("LEADER_ADDR", "%q is not host:port: set it to the leader's internal address, e.g. 10.20.0.2:8082", c.LeaderAddr)
	case c.LeaderAddr == c.InternalListenAddr || c.LeaderAddr == c.ListenAddr:
		add("LEADER_ADDR", "%q is this node's own address: set it to the leader's internal address", c.LeaderAddr)
	}
	c.checkTunnel(add)
}

// checkTunnel requires a loopback address, because the tunnel does not authenticate its clients.
func (c *Config) checkTunnel(add func(string, string, ...any)) {
	if c.LiteFSTunnelAddr == "" {
		return
	}
	host, _, _ := net.SplitHostPort(c.LiteFSTunnelAddr)
	if ip := net.ParseIP(host); addressFault(c.LiteFSTunnelAddr) != "" || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		add("LITEFS_TUNNEL_ADDR", "%q must be a loopback address with a port, e.g. 127.0.0.1:20203", c.LiteFSTunnelAddr)
	}
}

// addressFault returns why addr is not host:port with a numeric port; "" if it is.
func addressFault(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "is not an address"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "has no port between 0 and 65535"
	}
	return ""
}

func (c *Config) checkURLs(add func(string, string, ...any)) {
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if c.PublicURL != "" && !httpURL(c.PublicURL) {
		add("PUBLIC_URL", "%q is not an http or https URL of a host: set it to e.g. https://example.com", c.PublicURL)
	}
	c.LiteFSURL = strings.TrimSuffix(c.LiteFSURL, "/")
	if !httpURL(c.LiteFSURL) {
		add("LITEFS_URL", "%q is not an http URL of a host: set it to e.g. http://127.0.0.1:20202", c.LiteFSURL)
	}
}

func httpURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Path == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

func (c *Config) checkSecrets(add func(string, string, ...any)) {
	if n := len(c.JWTSecret); n > 0 && n < MinJWTSecret {
		add("JWT_SECRET", "has %d characters: use at least %d, e.g. the output of `openssl rand -hex 32`", n, MinJWTSecret)
	}
	if n := len(c.DataEncryptionKey); n > 0 && n != EncryptionKeySize {
		add("DATA_ENCRYPTION_KEY", "has %d bytes: use exactly %d, e.g. the output of `openssl rand -hex 16`", n, EncryptionKeySize)
	}
	if dir := filepath.Dir(c.SecretsFile); c.SecretsFile != "" && !isDir(dir) {
		add("SECRETS_FILE", "%q is in a directory that does not exist: create it with `mkdir -p %s`", c.SecretsFile, dir)
	}
	if !c.Replica() || c.SecretsFile != "" {
		return
	}
	if c.JWTSecret == "" {
		add("JWT_SECRET", "is not set: a replica needs the leader's, because it signs what it forwards")
	}
	if c.DataEncryptionKey == "" {
		add("DATA_ENCRYPTION_KEY", "is not set: a replica needs the leader's, because it reads the same database")
	}
}

func (c *Config) checkNames(add func(string, string, ...any)) {
	for name, value := range map[string]string{"SESSION_COOKIE_NAME": c.SessionCookieName, "LEADER_SESSION_COOKIE_NAME": c.LeaderSessionCookieName} {
		if !cookieName.MatchString(value) {
			add(name, "%q is not a cookie name: use letters, digits, - and _", value)
		}
	}
	if c.NodeName == "" {
		c.NodeName, _ = os.Hostname()
	}
	if !nodeName.MatchString(c.NodeName) {
		add("NODE_NAME", "%q is not a node name: use up to 64 letters, digits, dots, - and _", c.NodeName)
	}
	if c.OwnerEmail != "" {
		if a, err := mail.ParseAddress(c.OwnerEmail); err != nil || a.Address != c.OwnerEmail {
			add("OWNER_EMAIL", "%q is not an email address: set it to e.g. admin@example.com", c.OwnerEmail)
		}
	}
}

func (c *Config) checkLimits(add func(string, string, ...any)) {
	if c.ForwardWait < 0 || c.ForwardWait > 10*time.Minute {
		add("FORWARD_WAIT", "%s is not between 0s and 10m", c.ForwardWait)
	}
	if c.ShutdownTimeout <= 0 || c.ShutdownTimeout > 10*time.Minute {
		add("SHUTDOWN_TIMEOUT", "%s is not between 1s and 10m", c.ShutdownTimeout)
	}
	if c.ReadWait < 0 || c.ReadWait > time.Minute {
		add("READ_WAIT", "%s is not between 0s and 1m", c.ReadWait)
	}
	if c.FileCacheDir != "" {
		if info, err := os.Stat(c.FileCacheDir); err != nil || !info.IsDir() {
			add("FILE_CACHE_DIR", "%s is not a folder: create it with `mkdir -p %s`", c.FileCacheDir, c.FileCacheDir)
		}
	}
	if c.MaxNoteSize > MaxNoteSize {
		add("MAX_NOTE_SIZE", "%s is more than the database supports: use at most %s", c.MaxNoteSize, Bytes(MaxNoteSize))
	}
	if !slices.Contains(logLevels, c.LogLevel) {
		add("LOG_LEVEL", "%q must be one of %s", c.LogLevel, strings.Join(logLevels, ", "))
	}
	if !slices.Contains(logFormats, c.LogFormat) {
		add("LOG_FORMAT", "%q must be one of %s", c.LogFormat, strings.Join(logFormats, ", "))
	}
}

// checkMail requires complete settings, and no unencrypted password.
func (c *Config) checkMail(add func(string, string, ...any)) {
	if !slices.Contains(mailSecurities, c.SMTPTLS) {
		add("SMTP_TLS", "%q must be one of %s", c.SMTPTLS, strings.Join(mailSecurities, ", "))
	}
	if c.SMTPAddr == "" {
		for name, value := range map[string]string{"SMTP_USERNAME": c.SMTPUsername, "SMTP_PASSWORD": c.SMTPPassword.Reveal(), "SMTP_FROM": c.SMTPFrom} {
			if value != "" {
				add(name, "is set, but %sSMTP_ADDR is not: set that to the mail server's address, e.g. smtp.example.com:587", Prefix)
			}
		}
		return
	}
	host, port, _ := net.SplitHostPort(c.SMTPAddr)
	switch fault := addressFault(c.SMTPAddr); {
	case fault != "" || host == "" || port == "0":
		add("SMTP_ADDR", "%q is not host:port: set it to the mail server's address, e.g. smtp.example.com:587", c.SMTPAddr)
	case port == "465" && c.SMTPTLS == "starttls":
		add("SMTP_TLS", "is starttls, but mail servers use TLS from the start on port 465: set it to tls, or use port 587")
	}
	if from, err := mail.ParseAddress(c.SMTPFrom); err != nil || !strings.Contains(from.Address, "@") {
		add("SMTP_FROM", "%q is not a sender: set it to an address, e.g. notes@example.com or My notes <notes@example.com>", c.SMTPFrom)
	}
	if (c.SMTPUsername == "") != (c.SMTPPassword == "") {
		add("SMTP_USERNAME", "and %sSMTP_PASSWORD belong together: set both or neither", Prefix)
	}
	if c.SMTPUsername != "" && c.SMTPTLS == "none" {
		add("SMTP_TLS", "is none, which would send the password in the clear: set it to starttls or tls, or unset %sSMTP_USERNAME", Prefix)
	}
}

// checkStorage requires all four S3 settings or none.
func (c *Config) checkStorage(add func(string, string, ...any)) {
	parts := map[string]string{
		"MINIO_ENDPOINT": c.MinioEndpoint, "MINIO_ACCESS_KEY_ID": c.MinioAccessKeyID,
		"MINIO_SECRET_KEY": c.MinioSecretAccessKey.Reveal(), "MINIO_BUCKET": c.MinioBucket,
	}
	set := 0
	for _, value := range parts {
		if value != "" {
			set++
		}
	}
	if set == 0 || set == len(parts) {
		return
	}
	for name, value := range parts {
		if value == "" {
			add(name, "is not set, but other TRIP2G_MINIO_ settings are: set all four or none")
		}
	}
}
