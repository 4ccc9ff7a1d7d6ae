// Package config reads the server's settings from flags and TRIP2G_ variables and validates all of
// them before anything starts.
package config

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"time"

	"trip2g/services/trip2g"
)

// Prefix starts the name of every variable.
const Prefix = "TRIP2G_"

// EncryptionKeySize is the length of TRIP2G_DATA_ENCRYPTION_KEY in bytes.
const EncryptionKeySize = 32

// MinJWTSecret is the minimum length of TRIP2G_JWT_SECRET in bytes. A shorter secret could be
// brute-forced from a captured X-Replica-Auth header.
const MinJWTSecret = 16

// MaxNoteSize is the maximum of TRIP2G_MAX_NOTE_SIZE in bytes. A text takes several times its size
// in the memory of a SQLite connection, which is limited.
const MaxNoteSize = trip2g.MaxNoteSize

// Config holds every setting of the server. A field's env tag names its variable without the
// prefix; its flag is the same in lower case with "-" for "_". The help tag is what --help prints.
type Config struct {
	DBFile             string   `env:"DB_FILE" envDefault:"data.sqlite3" help:"path of the SQLite database; on a LiteFS node, a file in its mount, e.g. /litefs/data.sqlite3"`
	ListenAddr         string   `env:"LISTEN_ADDR" envDefault:":8081" help:"public listen address, for pages and the API"`
	InternalListenAddr string   `env:"INTERNAL_LISTEN_ADDR" envDefault:"127.0.0.1:8082" help:"internal listen address, for probes and metrics and, on a leader, for requests from replicas; bind it to a private network only"`
	PublicURL          string   `env:"PUBLIC_URL" help:"public URL of this node, e.g. https://example.com; taken from each request if empty. The URL of the leader is the URL of the site in feeds and sitemaps of all nodes"`
	TrustedProxies     Networks `env:"TRUSTED_PROXIES" help:"reverse proxies in front of this node, e.g. 127.0.0.1,10.0.0.0/8. Their X-Forwarded-For sets the client address in logs and sign-in limits; their X-Forwarded-Proto shows whether the client uses TLS"`
	NodeName           string   `env:"NODE_NAME" help:"name of this node in logs, metrics and the list of nodes; the host name if empty"`

	LeaderAddr              string        `env:"LEADER_ADDR" help:"internal address of the leader, host:port; makes this node a read replica"`
	ForwardWait             time.Duration `env:"FORWARD_WAIT" envDefault:"15s" help:"replica: how long to hold a write while the leader cannot be reached"`
	LeaderSessionCookieName string        `env:"LEADER_SESSION_COOKIE_NAME" envDefault:"session" help:"replica: TRIP2G_SESSION_COOKIE_NAME of the leader"`
	LiteFSURL               string        `env:"LITEFS_URL" envDefault:"http://127.0.0.1:20202" help:"API of the LiteFS node on this host; used only if the database is on a LiteFS mount"`
	LiteFSTunnelAddr        string        `env:"LITEFS_TUNNEL_ADDR" help:"replica: listen address for the LiteFS node on this host, which reaches the LiteFS node of the leader through it and the internal port of the leader; a loopback address, e.g. 127.0.0.1:20203, and the advertise-url in its litefs.yml. If empty, LiteFS connects to the leader directly"`

	JWTSecret         Secret `env:"JWT_SECRET" help:"secret shared by all nodes, at least 16 characters; signs what replicas forward. Read from TRIP2G_SECRETS_FILE if empty"`
	DataEncryptionKey Secret `env:"DATA_ENCRYPTION_KEY" help:"key shared by all nodes, exactly 32 bytes. Read from TRIP2G_SECRETS_FILE if empty"`
	SecretsFile       string `env:"SECRETS_FILE" help:"file with the secrets that are not set. The leader creates it once, and replicas read it. If empty, a leader without LiteFS uses a file next to the database, e.g. data.sqlite3.secrets"`
	OwnerEmail        string `env:"OWNER_EMAIL" help:"email address of the owner, who can sign in and has all rights"`
	SessionCookieName string `env:"SESSION_COOKIE_NAME" envDefault:"session" help:"name of the session cookie; must differ between nodes that share a host name"`

	SMTPAddr     string `env:"SMTP_ADDR" help:"mail server for sign-in codes and invitations, host:port, e.g. smtp.example.com:587. Without one, codes are written to the log of the leader, and you send invitations yourself"`
	SMTPTLS      string `env:"SMTP_TLS" envDefault:"starttls" help:"encryption of the connection to the mail server: starttls (port 587), tls (port 465), or none for a mail server on this machine"`
	SMTPUsername string `env:"SMTP_USERNAME" help:"user name for the mail server; if empty, the server connects without authentication"`
	SMTPPassword Secret `env:"SMTP_PASSWORD" help:"password for TRIP2G_SMTP_USERNAME"`
	SMTPFrom     string `env:"SMTP_FROM" help:"sender of emails: an address, or a name with an address, e.g. My notes <notes@example.com>"`

	MaxNoteSize  Bytes `env:"MAX_NOTE_SIZE" envDefault:"16MiB" help:"maximum size of a note"`
	MaxAssetSize Bytes `env:"MAX_ASSET_SIZE" envDefault:"256MiB" help:"maximum size of any other file"`

	DiskReserve   Bytes         `env:"DISK_RESERVE" envDefault:"64MiB" help:"leader on LiteFS: disk space to keep free. With less, the server rejects writes and continues to serve reads, because LiteFS exits when its disk is full. Below four times this size, a node warns"`
	BodyCacheSize Bytes         `env:"BODY_CACHE_SIZE" envDefault:"256MiB" help:"memory for rendered responses: pages, their compressed forms and small files. When it is full, the least recently used ones are dropped and rendered again on demand"`
	FileCacheSize Bytes         `env:"FILE_CACHE_SIZE" envDefault:"1GiB" help:"disk space for copies of large files, so that downloads do not hold the database"`
	FileCacheDir  string        `env:"FILE_CACHE_DIR" help:"folder for those copies, the search index and uploads in progress; the system's temporary folder if empty. If it is not writable, the folder of the database is used, unless that is a LiteFS mount"`
	ReadWait      time.Duration `env:"READ_WAIT" envDefault:"1s" help:"replica: how long a read waits for the client's own last write"`
	FastLane      bool          `env:"FAST_LANE" envDefault:"true" help:"serve simple requests for public pages without net/http"`
	Profile       bool          `env:"PROFILE" envDefault:"false" help:"serve Go profiles under /debug/pprof/ on the internal port"`

	LogLevel        string        `env:"LOG_LEVEL" envDefault:"info" help:"minimum log level: debug, info, warn or error"`
	LogFormat       string        `env:"LOG_FORMAT" envDefault:"auto" help:"log format: console, json, or auto for console on a terminal and json elsewhere"`
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"20s" help:"how long requests can take to finish when the server stops"`

	GitReplicaPath       string `env:"GIT_REPLICA_PATH" help:"folder for a git copy of the vault on this node. Checked, but not used: this version has no git interface"`
	MinioEndpoint        string `env:"MINIO_ENDPOINT" help:"S3 endpoint, host:port. Checked, but not used: this version keeps files in SQLite"`
	MinioAccessKeyID     string `env:"MINIO_ACCESS_KEY_ID" help:"S3 access key; see TRIP2G_MINIO_ENDPOINT"`
	MinioSecretAccessKey Secret `env:"MINIO_SECRET_KEY" help:"S3 secret key; see TRIP2G_MINIO_ENDPOINT"`
	MinioBucket          string `env:"MINIO_BUCKET" help:"S3 bucket; see TRIP2G_MINIO_ENDPOINT"`
}

// Replica reports whether this node forwards writes to a leader.
func (c *Config) Replica() bool { return c.LeaderAddr != "" }

// HasDatabase reports whether there is a database at DBFile. An empty file is not one.
func (c *Config) HasDatabase() (bool, error) {
	info, err := os.Stat(c.DBFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() > 0, err
}

// Role returns "replica" or "leader", for logs and metrics.
func (c *Config) Role() string {
	if c.Replica() {
		return "replica"
	}
	return "leader"
}

// EncryptionKey returns the data encryption key, whose length was validated.
func (c *Config) EncryptionKey() (key [EncryptionKeySize]byte) {
	copy(key[:], c.DataEncryptionKey.Reveal())
	return key
}

// newSecret returns 16 random bytes as a secret of 32 characters.
func newSecret(random []byte) Secret { return Secret(hex.EncodeToString(random)) }
