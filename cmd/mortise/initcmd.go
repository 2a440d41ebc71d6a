package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/secret"
)

const keyFile = "mortise.key"

func (p *program) initCommand() *cobra.Command {
	var address string
	var systemd, compose bool
	cmd := p.command(verb{
		use: "init", short: "Begin a real server: write mortise.yaml, the data folder and the secret key",
		long: "Overwrites nothing. The secret key stays outside the data folder, so that a copy of the data\n" +
			"alone opens nothing: keep a copy of the key elsewhere. With --systemd or --compose, prints a\n" +
			"unit or a compose file and writes nothing. Mortise sends no telemetry and asks for no updates.",
		examples: [2]string{"mortise init --url https://id.example.org", "mortise init --systemd > /etc/systemd/system/mortise.service"},
		run: func(_ context.Context, _ *cobra.Command, _ []string) error {
			switch {
			case systemd && compose:
				return usage("--systemd and --compose exclude each other")
			case systemd:
				return p.print.Text(systemdUnit)
			case compose:
				return p.print.Text(composeFile)
			}
			return p.init(address)
		},
	})
	cmd.Flags().StringVar(&address, "url", "", "the address people will type: https://id.example.org")
	cmd.Flags().BoolVar(&systemd, "systemd", false, "print a hardened systemd unit")
	cmd.Flags().BoolVar(&compose, "compose", false, "print a compose file")
	return cmd
}

func (p *program) init(address string) error {
	if address == "" {
		return usage("mortise init needs --url, the address people will type: mortise init --url https://id.example.org")
	}
	data := p.global.data
	if data == "" {
		data = "mortise-data"
	}
	text, err := firstSettings(address, data)
	if err != nil {
		return err
	}
	if err := p.free(data); err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(data, 0o700); err != nil { // an empty folder may have been there
		return err
	}
	if err := writeNew(keyFile, newKey()+"\n", 0o600); err != nil {
		return err
	}
	if err := writeNew(settings.DefaultFile, text, 0o644); err != nil {
		return errors.Join(err, os.Remove(keyFile))
	}
	return p.initialized(data)
}

// free refuses to touch what is there, before anything is written.
func (p *program) free(data string) error {
	inside, err := contains(data, ".")
	if err != nil {
		return err
	}
	if inside {
		return usage("the data folder would hold the secret key and mortise.yaml; choose a folder of its own with --data")
	}
	for _, name := range []string{settings.DefaultFile, keyFile} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return fail(exitFailed, "exists", name+" is here already; mortise init overwrites nothing", "Remove it, or run mortise init in another folder.")
		}
	}
	if !isEmptyDir(data) {
		return fail(exitFailed, "exists", data+" is not empty; mortise init overwrites nothing", "Choose another folder with --data.")
	}
	return nil
}

// contains reports whether path is folder or lies below it.
func contains(folder, path string) (bool, error) {
	outer, err := filepath.Abs(folder)
	if err != nil {
		return false, err
	}
	inner, err := filepath.Abs(path)
	if err != nil {
		return false, err
	}
	rel, err := filepath.Rel(outer, inner)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)), nil
}

func newKey() string {
	var b [32]byte
	secret.Fill(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

func writeNew(name, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// firstSettings is the mortise.yaml of a new server.
func firstSettings(address, data string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", usage("--url %q is no address", address)
	}
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	text := fmt.Sprintf("# mortise config explain KEY says what a setting means; mortise config validate checks this file.\nurl: %s\ndata: %s\nsecret_key: {file: %s}\n", yamlText(address), yamlText(data), keyFile)
	if u.Scheme == "http" {
		text += fmt.Sprintf("listen: %s\n", yamlText("127.0.0.1:"+port))
	} else {
		text += fmt.Sprintf(`
# A certificate from an ACME authority. Behind a proxy that ends TLS on this
# machine, write instead: listen: 127.0.0.1:8080 and trusted_proxies: [127.0.0.1]
listen: %s
http: {redirect_listen: ":80"}
tls: {acme: {enabled: true, domains: [%s]}}
`, yamlText(":"+port), yamlText(host))
	}
	_, err = settings.Load(settings.Inputs{
		Config: settings.DefaultFile,
		ReadFile: func(name string) ([]byte, error) {
			if name == keyFile {
				return []byte(newKey()), nil
			}
			return []byte(text), nil
		},
	})
	return text, err
}

// yamlText quotes s as JSON does, which is a YAML text.
func yamlText(s string) string { return fmt.Sprintf("%q", s) }

func (p *program) initialized(data string) error {
	p.print.Words("wrote %-18s the settings", settings.DefaultFile)
	p.print.Words("wrote %-18s seals what is secret in the store; keep a copy elsewhere", keyFile)
	p.print.Words("made  %-18s the data folder, for its owner only", data)
	p.print.Words("next: mortise serve    systemd unit: mortise init --systemd    container: mortise init --compose")
	p.print.Words("Mortise sends no telemetry and asks for no updates.")
	return p.print.Value(struct {
		Settings string `json:"settings"`
		Key      string `json:"secret_key_file"`
		Data     string `json:"data"`
	}{settings.DefaultFile, keyFile, data}, "settings", "secret_key_file", "data")
}

// systemdUnit takes the key as a credential, so that it is in no environment.
const systemdUnit = `[Unit]
Description=Mortise
Documentation=man:mortise(1)
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=/usr/local/bin/mortise serve
ExecReload=/bin/kill -HUP $MAINPID
Environment=MORTISE_CONFIG=/etc/mortise/mortise.yaml
Environment=MORTISE_DATA=/var/lib/mortise
# In mortise.yaml leave out secret_key: it is set here.
LoadCredential=mortise.secret_key:/etc/mortise/mortise.key
DynamicUser=yes
StateDirectory=mortise
StateDirectoryMode=0700
UMask=0077
Restart=on-failure
TimeoutStopSec=15
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`

const composeFile = `# mortise init --url https://id.example.org makes mortise.key and mortise.yaml.
# In mortise.yaml leave out secret_key: it is set here.
services:
  mortise:
    build: .            # an image that holds the mortise binary
    command: [mortise, serve]
    restart: unless-stopped
    stop_grace_period: 15s
    read_only: true
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    security_opt: ["no-new-privileges:true"]
    ports: ["80:80", "443:443"]
    environment:
      MORTISE_CONFIG: /etc/mortise/mortise.yaml
      MORTISE_DATA: /data
      MORTISE_SECRET_KEY_FILE: /run/secrets/mortise_key
    volumes:
      - ./mortise.yaml:/etc/mortise/mortise.yaml:ro
      - data:/data
    secrets: [mortise_key]
secrets:
  mortise_key: {file: ./mortise.key}
volumes:
  data: {}
`
