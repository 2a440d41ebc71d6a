package main

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed snippets
var snippets embed.FS

// snippetFiles are the proxies that mortise proxy snippet knows.
var snippetFiles = map[string]string{
	"nginx": "nginx.conf", "traefik": "traefik.yaml", "caddy": "Caddyfile", "envoy": "envoy.yaml", "haproxy": "haproxy.cfg",
}

func (p *program) proxyCommand() *cobra.Command {
	return p.group("proxy", "Put protected hosts behind a proxy", [2]string{
		"mortise proxy snippet nginx --site app.example.org --upstream 127.0.0.1:3000",
		"mortise proxy snippet caddy --site app.example.org --upstream 127.0.0.1:3000",
	}, p.proxySnippet())
}

func (p *program) proxySnippet() *cobra.Command {
	cmd := p.command(verb{
		use: "snippet PROXY", short: "Print what nginx, Traefik, Caddy, Envoy or HAProxy needs",
		long: "PROXY is nginx, traefik, caddy, envoy or haproxy. The snippet asks mortise about each request, takes from\n" +
			"clients every header that tells who somebody is, and sets them anew. It is complete but for certificates.",
		examples: [2]string{
			"mortise proxy snippet nginx --site app.example.org --upstream 127.0.0.1:3000",
			"mortise proxy snippet caddy --site app.example.org --upstream 127.0.0.1:3000 --server 10.0.0.5:8080",
		},
		run: func(_ context.Context, cmd *cobra.Command, args []string) error {
			l, err := p.loaded(cmd)
			if err != nil {
				return err
			}
			text, err := snippet(cmd, args[0], l.Settings.URL, l.Settings.Listen)
			if err != nil {
				return err
			}
			return p.print.Text(text)
		},
	})
	cmd.Flags().String("site", "", "the protected host, as people write it, such as app.example.org")
	cmd.Flags().String("upstream", "", "where the proxy finds the application, host:port")
	cmd.Flags().String("server", "", "where the proxy finds mortise, host:port (default: where it listens)")
	return cmd
}

// snippet fills in the file of one proxy.
func snippet(cmd *cobra.Command, proxy, issuer, listen string) (string, error) {
	file, ok := snippetFiles[proxy]
	if !ok {
		return "", usage("no snippet for %q; there are nginx, traefik, caddy, envoy and haproxy", proxy)
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return "", usage("the public address is missing; set MORTISE_URL")
	}
	flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	host, name, err := siteHost(flag("site"))
	if err != nil {
		return "", err
	}
	upHost, upPort, err := address("upstream", flag("upstream"))
	if err != nil {
		return "", err
	}
	serverHost, serverPort, err := address("server", cmp.Or(flag("server"), reachable(listen)))
	if err != nil {
		return "", err
	}
	text, err := snippets.ReadFile("snippets/" + file)
	if err != nil {
		return "", err
	}
	base := strings.TrimRight(u.Path, "/")
	mount := ""
	if base != "" {
		mount = ", mortise-mount"
	}
	server := net.JoinHostPort(serverHost, serverPort)
	out := strings.NewReplacer(
		"@HOST@", host, "@NAME@", name, "@SCHEME@", u.Scheme, "@ISSUER@", u.Host, "@BASE@", base, "@MOUNT@", mount,
		"@LISTEN@", listenLine(proxy, u.Scheme, host, name),
		"@SERVER@", "http://"+server, "@SERVERADDR@", server, "@SERVERHOST@", serverHost, "@SERVERPORT@", serverPort,
		"@UPSTREAM@", net.JoinHostPort(upHost, upPort), "@UPHOST@", upHost, "@UPPORT@", upPort,
	).Replace(string(text))
	return withoutMount(out, base), nil
}

// withoutMount drops what only an instance below a path needs.
func withoutMount(text, base string) string {
	if base != "" {
		return text
	}
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "rewrite * {uri}" || line == "http-request set-path %[path]"
	})
	text = strings.Join(lines, "")
	return strings.Replace(text, "    mortise-mount:\n      addPrefix:\n        prefix: /\n", "", 1)
}

// siteHost reads a host with an optional port. It goes into configuration files,
// so nothing but names passes.
func siteHost(s string) (host, name string, err error) {
	name = s
	if n, port, err := net.SplitHostPort(s); err == nil && number(port) {
		name = n
	}
	if !hostName(name) || s == "" {
		return "", "", usage("--site wants a host such as app.example.org, not %q", s)
	}
	return strings.ToLower(s), strings.ToLower(name), nil
}

func address(flag, s string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(s)
	if err != nil || !hostName(host) && net.ParseIP(host) == nil || !number(port) {
		return "", "", usage("--%s wants host:port, such as 127.0.0.1:3000, not %q", flag, s)
	}
	return host, port, nil
}

func hostName(s string) bool {
	return s != "" && len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}

func number(s string) bool {
	return s != "" && len(s) <= 5 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// reachable is a listening address as one connects to it.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || host != "" && host != "0.0.0.0" && host != "::" {
		return listen
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// listenLine is how a proxy listens for the site. Plain http is for trying
// things out on this machine.
func listenLine(proxy, scheme, host, name string) string {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	switch {
	case proxy == "nginx" && scheme == "https":
		return fmt.Sprintf("listen %s ssl;\n    ssl_certificate /etc/ssl/%s/fullchain.pem;\n    ssl_certificate_key /etc/ssl/%s/privkey.pem;", port, name, name)
	case proxy == "nginx":
		return "listen 127.0.0.1:" + port + ";"
	case scheme == "https":
		return fmt.Sprintf("bind :%s ssl crt /etc/haproxy/%s.pem", port, name)
	}
	return "bind 127.0.0.1:" + port
}
