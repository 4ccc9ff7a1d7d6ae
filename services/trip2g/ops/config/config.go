// Package config reads the server's settings from flags and TRIP2G_ variables and finds every
// fault in them before anything starts.
package config

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Prefix starts the name of every variable.
const Prefix = "TRIP2G_"

// EncryptionKeySize is the length of TRIP2G_DATA_ENCRYPTION_KEY in bytes (the seed's rule).
const EncryptionKeySize = 32

// MinJWTSecret is the shortest TRIP2G_JWT_SECRET that is taken, in bytes: below it a captured
// X-Replica-Auth could be guessed back to the secret.
const MinJWTSecret = 16

// MaxNoteSize is the most that TRIP2G_MAX_NOTE_SIZE can be, in bytes: a text takes several times its
// size in the memory of a SQLite connection, which is bounded.
const MaxNoteSize = 48 << 20

// Config holds every setting of the server. A field's env tag names its variable without the
// prefix; its flag is the same in lower case with "-" for "_". The help tag is what --help prints.
type Config struct {
	DBFile             string   `env:"DB_FILE" envDefault:"data.sqlite3" help:"the SQLite database; on a LiteFS node a file of its mount, e.g. /litefs/data.sqlite3"`
	ListenAddr         string   `env:"LISTEN_ADDR" envDefault:":8081" help:"public address: pages and the API"`
	InternalListenAddr string   `env:"INTERNAL_LISTEN_ADDR" envDefault:"127.0.0.1:8082" help:"internal address: probes, metrics and, on a leader, the intake of replicas; bind it to a private network only"`
	PublicURL          string   `env:"PUBLIC_URL" help:"where readers find this node, e.g. https://example.com; taken from each request if empty. The leader's is the site's: feeds and search engines are told it by every node"`
	TrustedProxies     Networks `env:"TRUSTED_PROXIES" help:"reverse proxies in front of this node, e.g. 127.0.0.1,10.0.0.0/8: X-Forwarded-For from them names the client, for logs and limits of sign-in, and X-Forwarded-Proto whether it uses TLS"`
	NodeName           string   `env:"NODE_NAME" help:"this node's name in logs, metrics and the topology; the host's name if empty"`

	LeaderAddr              string        `env:"LEADER_ADDR" help:"the leader's internal address, host:port; setting it makes this node a read replica"`
	ForwardWait             time.Duration `env:"FORWARD_WAIT" envDefault:"15s" help:"replica: how long a write is held while the leader cannot be reached"`
	LeaderSessionCookieName string        `env:"LEADER_SESSION_COOKIE_NAME" envDefault:"session" help:"replica: the leader's TRIP2G_SESSION_COOKIE_NAME"`
	LiteFSURL               string        `env:"LITEFS_URL" envDefault:"http://127.0.0.1:20202" help:"API of the LiteFS node beside this process; used only if the database is on a LiteFS mount"`
	LiteFSTunnelAddr        string        `env:"LITEFS_TUNNEL_ADDR" help:"replica: where its LiteFS connects to for the leader's, an address of this machine, e.g. 127.0.0.1:20203, which then is the advertise-url of its litefs.yml; the connection goes on through the leader's internal port. LiteFS connects to the leader's LiteFS by itself if empty"`

	JWTSecret         Secret `env:"JWT_SECRET" help:"secret that all nodes share, at least 16 characters; signs what replicas forward; taken from TRIP2G_SECRETS_FILE if empty"`
	DataEncryptionKey Secret `env:"DATA_ENCRYPTION_KEY" help:"key of exactly 32 bytes that all nodes share; taken from TRIP2G_SECRETS_FILE if empty"`
	SecretsFile       string `env:"SECRETS_FILE" help:"file of the secrets that are not set, created by the leader once and read by its replicas; beside the database if empty, e.g. data.sqlite3.secrets, which is for a leader without LiteFS only"`
	OwnerEmail        string `env:"OWNER_EMAIL" help:"e-mail address of the owner, who may sign in and do everything"`
	SessionCookieName string `env:"SESSION_COOKIE_NAME" envDefault:"session" help:"name of the session cookie; give each node of one host name its own"`

	SMTPAddr     string `env:"SMTP_ADDR" help:"mail server that sends sign-in codes and invitations, host:port, e.g. smtp.example.com:587; without it codes are in the leader's log and invitations are yours to pass on"`
	SMTPTLS      string `env:"SMTP_TLS" envDefault:"starttls" help:"how to speak with the mail server: starttls (port 587), tls (port 465), or none for one on this machine"`
	SMTPUsername string `env:"SMTP_USERNAME" help:"name to sign in to the mail server with; without it the server is not told who sends"`
	SMTPPassword Secret `env:"SMTP_PASSWORD" help:"password for TRIP2G_SMTP_USERNAME"`
	SMTPFrom     string `env:"SMTP_FROM" help:"sender of mails: an address, or a name with an address, e.g. My notes <notes@example.com>"`

	MaxNoteSize  Bytes `env:"MAX_NOTE_SIZE" envDefault:"16MiB" help:"largest note that is taken"`
	MaxAssetSize Bytes `env:"MAX_ASSET_SIZE" envDefault:"256MiB" help:"largest other file that is taken"`

	DiskReserve   Bytes         `env:"DISK_RESERVE" envDefault:"64MiB" help:"leader on LiteFS: disk space that writes leave free. With less they are refused and reading goes on; LiteFS itself ends when its disk is full. A node with less than four times as much free warns"`
	BodyCacheSize Bytes         `env:"BODY_CACHE_SIZE" envDefault:"256MiB" help:"memory for ready responses: pages, their compressed forms and small files; past it the least read are dropped and made again"`
	FileCacheSize Bytes         `env:"FILE_CACHE_SIZE" envDefault:"1GiB" help:"disk space for copies of large files, so that reading them does not hold the database"`
	FileCacheDir  string        `env:"FILE_CACHE_DIR" help:"folder for those copies, the search index and uploads in progress; the system's temporary folder if empty. Where it takes nothing, the database's folder is used, unless that is a LiteFS mount"`
	ReadWait      time.Duration `env:"READ_WAIT" envDefault:"1s" help:"replica: how long a read waits for its client's own last write"`
	FastLane      bool          `env:"FAST_LANE" envDefault:"true" help:"answer the plainest requests for public pages without net/http"`
	Profile       bool          `env:"PROFILE" envDefault:"false" help:"serve Go's profiles under /debug/pprof/ on the internal port"`

	LogLevel        string        `env:"LOG_LEVEL" envDefault:"info" help:"least level that is logged: debug, info, warn or error"`
	LogFormat       string        `env:"LOG_FORMAT" envDefault:"auto" help:"console, json, or auto: console on a terminal and json elsewhere"`
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"20s" help:"how long requests may take to end when the server is told to stop"`

	GitReplicaPath       string `env:"GIT_REPLICA_PATH" help:"folder of this node's own git copy of the vault; checked and kept for the git interface, which this version does not have yet"`
	MinioEndpoint        string `env:"MINIO_ENDPOINT" help:"S3 endpoint, host:port; checked and kept for S3 storage, which this version does not have yet: files are kept in SQLite"`
	MinioAccessKeyID     string `env:"MINIO_ACCESS_KEY_ID" help:"S3 access key; see TRIP2G_MINIO_ENDPOINT"`
	MinioSecretAccessKey Secret `env:"MINIO_SECRET_KEY" help:"S3 secret key; see TRIP2G_MINIO_ENDPOINT"`
	MinioBucket          string `env:"MINIO_BUCKET" help:"S3 bucket; see TRIP2G_MINIO_ENDPOINT"`
}

// Replica tells whether this node forwards writes to a leader.
func (c *Config) Replica() bool { return c.LeaderAddr != "" }

// HasDatabase tells whether there is a database at DBFile; a file with nothing in it is none.
func (c *Config) HasDatabase() (bool, error) {
	info, err := os.Stat(c.DBFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() > 0, err
}

// Role is "replica" or "leader", for logs and metrics.
func (c *Config) Role() string {
	if c.Replica() {
		return "replica"
	}
	return "leader"
}

// EncryptionKey gives the data encryption key's bytes; Validate has seen its length.
func (c *Config) EncryptionKey() (key [EncryptionKeySize]byte) {
	copy(key[:], c.DataEncryptionKey.Reveal())
	return key
}

// newSecret makes a secret of 32 characters, which also is 32 bytes, from n=16 random bytes.
func newSecret(random []byte) Secret { return Secret(hex.EncodeToString(random)) }
