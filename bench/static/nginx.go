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

// nginxConfig is Debian's nginx.conf where it matters for speed, with a worker for each core, the access
// log on, files compressed beforehand, and connections that last as long as the load does.
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

// StartNginx starts nginx over a folder with the files, by name, each also compressed with gzip at its
// best level (9). nginx must be installed.
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

// prepareNginx writes the files and the configuration, and gives the address that nginx will have.
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

// workerUser is who runs nginx's workers: root's may read the folder as this process does; those of
// anybody else run as whoever starts them, and nginx ignores the name.
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
		panic(err) // the level is one
	}
	w.Write(content) // a bytes.Buffer takes everything
	w.Close()
	return b.Bytes()
}
