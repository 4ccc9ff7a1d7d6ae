package static

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxConfig is Debian's nginx.conf as far as it affects speed: one worker per core, access log
// on, precompressed files, and connections that stay open for the whole load.
const nginxConfig = `user USER;
worker_processes auto;
daemon off;
pid DIR/pid;
error_log DIR/error.log;
events { worker_connections 1024; }
http {
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 120s;
    access_log DIR/access.log;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    default_type text/html;
    charset utf-8;
    server {
        listen ADDRESS;
        root DIR/root;
        gzip_static on;
    }
}
`

// StartNginx starts nginx with files, by name, each also compressed with gzip at its best level
// (9). nginx must be installed.
func StartNginx(ctx context.Context, files map[string][]byte) (*Server, error) {
	dir, err := os.MkdirTemp("", "nginx-")
	if err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	cleanup := func() { os.RemoveAll(dir) }
	address, err := prepareNginx(dir, files)
	if err != nil {
		cleanup()
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	process := exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	process.Stderr = os.Stderr
	return start(ctx, process, "http://"+address, cleanup)
}

// prepareNginx writes the files and the configuration, and returns the address of nginx.
func prepareNginx(dir string, files map[string][]byte) (address string, err error) {
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		return "", err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(root, name+".gz"), compressed(content), 0o600); err != nil {
			return "", err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", err
	}
	config := strings.NewReplacer("USER", workerUser(), "DIR", dir, "ADDRESS", address).Replace(nginxConfig)
	return address, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600)
}

// workerUser returns the user of nginx's workers. As root, it is root, because workers must be able
// to read the folder; otherwise, nginx ignores it.
func workerUser() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return "nobody"
}

func compressed(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is valid
	}
	w.Write(content) // writes to a bytes.Buffer do not fail
	w.Close()
	return b.Bytes()
}
