package services

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Redis starts an empty server that keeps nothing on disk, on 127.0.0.1 only.
func Redis(ctx context.Context) (*Server, error) {
	bin, err := redisBin()
	if err != nil {
		return nil, err
	}
	dir, attr, err := unprivilegedDir("", "mortise-redis-")
	if err != nil {
		return nil, err
	}
	s, err := retry(func(port int) (*Server, error) {
		cmd := exec.Command(bin, "--port", strconv.Itoa(port), "--bind", "127.0.0.1",
			"--save", "", "--appendonly", "no", "--dir", dir, "--daemonize", "no")
		cmd.SysProcAttr, cmd.Dir = attr(), dir
		s, err := launch(ctx, cmd, "", "eady to accept connections", interrupt)
		if err == nil {
			s.dir, s.URL = dir, fmt.Sprintf("redis://127.0.0.1:%d/0", port)
		}
		return s, err
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func redisBin() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("redis-server is %w", ErrNotInstalled)
}

// PingRedis asks the server at a redis:// URL for its PONG.
func PingRedis(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(answer, "+PONG") && !strings.HasPrefix(answer, "-NOAUTH") {
		return fmt.Errorf("redis answered %q", answer)
	}
	return nil
}
