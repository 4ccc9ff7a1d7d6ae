package static

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// BareCommand is the first argument of the process that is the bare server; see ServeBare.
const BareCommand = "serve-bare"

// Response is the response of the bare server at a path.
type Response struct {
	Header http.Header
	Body   []byte
}

// StartBare starts this program a second time, as a net/http server whose handler only writes the
// response of the path. The program's main function must call ServeBare.
func StartBare(ctx context.Context, responses map[string]Response) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	defer socket.Close()
	file, err := writeResponses(responses)
	if err != nil {
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	process := exec.Command(program, BareCommand, file)
	process.ExtraFiles = []*os.File{socket}
	process.Stderr = os.Stderr
	return start(ctx, process, "http://"+listener.Addr().String(), func() { os.Remove(file) })
}

func writeResponses(responses map[string]Response) (path string, err error) {
	text, err := json.Marshal(responses)
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp("", "responses-")
	if err != nil {
		return "", err
	}
	if _, err := file.Write(text); err != nil {
		file.Close()
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), file.Close()
}

// ServeBare runs the bare server until it is killed, if this process was started as one. Otherwise,
// it does nothing.
func ServeBare() {
	if len(os.Args) != 3 || os.Args[1] != BareCommand {
		return
	}
	if err := serveBare(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveBare(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var responses bare
	if err := json.Unmarshal(text, &responses); err != nil {
		return err
	}
	const socket = 3 // the first of exec.Cmd's ExtraFiles
	listener, err := net.FileListener(os.NewFile(socket, "listener"))
	if err != nil {
		return err
	}
	// The same limits as on a node's public port.
	server := &http.Server{Handler: responses, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	return server.Serve(listener)
}

// bare serves the responses by path.
type bare map[string]Response

func (b bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	response, ok := b[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	w.Write(response.Body)
}
