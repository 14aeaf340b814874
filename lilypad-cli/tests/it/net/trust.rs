//! Names that cannot be looked up, and certificates that are not to be believed (T63): each is called by its name, and nothing is
//! ever said in the open instead.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::proxy::{request, solver};
use super::{Field, GIVEN, accepted};
use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role};
use crate::tool::{Outcome, User};

const NAME: &str = "solver.pond.test";
const PORT: u16 = 8443;
/// What a TLS connection begins with.
const HANDSHAKE: u8 = 22;

/// Who signs certificates.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name up to a year.
fn certificate(authority: &Authority, name: &str, until: i32) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate().unwrap();
    let signed = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![signed.der().clone()], key).unwrap())
}

/// Speaks TLS before the solver, with a certificate that may change, and counts who came.
struct Front {
    shown: Mutex<Arc<ServerConfig>>,
    connections: AtomicUsize,
    /// Those that did not begin with a handshake.
    open: AtomicUsize,
}

impl Front {
    fn start(field: &Field, shown: Arc<ServerConfig>) -> Arc<Self> {
        let (connections, open) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let front = Arc::new(Self { shown: Mutex::new(shown), connections, open });
        for end in ["p", "c"] {
            let address: SocketAddr = format!("10.77.{}.1:{PORT}", field.number(end)).parse().unwrap();
            let front = Arc::clone(&front);
            field.listen(address, move |client| front.serve(client));
        }
        front
    }

    fn serve(&self, client: std::net::TcpStream) {
        let mut first = [0];
        self.connections.fetch_add(1, Ordering::SeqCst);
        if client.peek(&mut first).is_ok_and(|read| read == 1) && first[0] != HANDSHAKE {
            self.open.fetch_add(1, Ordering::SeqCst);
        }
        let shown = Arc::clone(&self.shown.lock().unwrap());
        let mut client = StreamOwned::new(ServerConnection::new(shown).unwrap(), client);
        let Some(request) = request(&mut client) else { return };
        let Some(mut solver) = solver() else { return };
        solver.write_all(&request).unwrap();
        let mut answer = vec![0; 16 << 10];
        while let Ok(read) = solver.read(&mut answer) {
            if read == 0 || client.write_all(&answer[..read]).and_then(|()| client.flush()).is_err() {
                break;
            }
        }
        client.conn.send_close_notify();
        let _ = client.flush();
    }
}

/// Says in a namespace where names are looked up.
fn resolver(field: &Field, end: &str, hosts: &str) {
    let folder = format!("/etc/netns/{}", field.space(end));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(format!("{folder}/hosts"), hosts).unwrap();
    // It is asked and never answers.
    let server = format!("nameserver 10.77.{}.1\n", field.number(end));
    std::fs::write(format!("{folder}/resolv.conf"), server).unwrap();
}

/// A call that believes this authority.
fn believing(field: &Field, end: &str, args: &[&str], key: &str) -> Command {
    let call = field.user.command(&[args, &["--network", "tls"]].concat());
    let mut call = field.inside(end, &call);
    call.env("SSL_CERT_FILE", field.user.path("authority.pem")).env("LILYPAD_PRIVATE_KEY", key);
    call
}

/// What a refusal says, in one line.
fn refused(mut call: Command, code: &str) -> String {
    let ended = Outcome::of(call.output().unwrap()).ends_with(4);
    assert_eq!(ended.json()["error"]["code"], code, "{}", ended.stderr);
    let errors: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", ended.stderr);
    errors[0].to_owned()
}

#[test]
fn names_that_are_not_known_and_certificates_that_are_not_good_are_called_so() {
    let test = "names_that_are_not_known_and_certificates_that_are_not_good_are_called_so";
    let Some(mut field) = Field::new(test, &["p", "c"]) else { return };
    let named = format!("{NAME}:{PORT}");
    field.at("s", "iptables", &["-A", "INPUT", "-p", "udp", "--dport", "53", "-j", "DROP"]).unwrap();
    field.start_solver(&["--behind-tls", "--name", &named]);
    for end in ["p", "c"] {
        resolver(&field, end, &format!("10.77.{}.1 {NAME}\n", field.number(end)));
    }
    let good = authority("known");
    std::fs::write(field.user.path("authority.pem"), good.pem()).unwrap();
    field.user.lilypad(&["network", "add", "tls", &format!("https://{named}")]).ends_with(0);
    let front = Front::start(&field, certificate(&good, NAME, 2019));
    let (run, provide) =
        (["run", "examples/modules/cowsay", "--json"], ["provider", "--ram", "2000", "--json"]);
    let bad = [
        (certificate(&good, NAME, 2021), "expired"),
        (certificate(&good, "another.pond.test", 2090), "not valid for name"),
        (certificate(&authority("unknown"), NAME, 2090), "UnknownIssuer"),
    ];
    let mut told = 0;
    for (shown, why) in bad {
        *front.shown.lock().unwrap() = shown;
        for call in
            [believing(&field, "c", &run, CREATOR_KEY), believing(&field, "p", &provide, PROVIDER_KEY)]
        {
            let before = front.connections.load(Ordering::SeqCst);
            let line = refused(call, "E_TLS");
            assert!(line.contains(why) && line.contains(NAME), "{line}");
            assert_eq!(front.connections.load(Ordering::SeqCst), before + 1, "it is not asked again: {line}");
            told += 1;
        }
    }
    assert_eq!(told, 6);
    // With a good one everything works.
    *front.shown.lock().unwrap() = certificate(&good, NAME, 2090);
    let role = Role::begin_call(&mut believing(&field, "p", &provide[..3], PROVIDER_KEY), Some(PROVIDER_KEY));
    let (_, cost) = accepted(Outcome::of(believing(&field, "c", &run, CREATOR_KEY).output().unwrap()));
    assert!(cost > 0 && cost < GIVEN);
    drop(role);
    // Nobody tells where the name leads.
    resolver(&field, "c", "");
    let line = refused(believing(&field, "c", &run, CREATOR_KEY), "E_DNS");
    assert!(line.contains(NAME), "{line}");
    // What answers without TLS gets nothing to read.
    let plain = User::new();
    let url = format!("https://10.77.{}.1:{}", field.number("c"), super::PORT);
    plain.lilypad(&["network", "add", "tls", &url]).ends_with(0);
    let mut call = field.inside("c", &plain.command(&[&run[..], &["--network", "tls"]].concat()));
    call.env("LILYPAD_PRIVATE_KEY", CREATOR_KEY).env("SSL_CERT_FILE", field.user.path("authority.pem"));
    refused(call, "E_TLS");
    assert_eq!(front.open.load(Ordering::SeqCst), 0, "nothing came in the open");
    assert!(front.connections.load(Ordering::SeqCst) > 20);
}
