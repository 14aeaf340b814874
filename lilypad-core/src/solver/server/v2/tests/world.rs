//! A served solver with the parties of the reference's examples.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::super::{Server, ServerConfig};
use super::super::{V2, V2Config};
use crate::model::{AgreementState, FileSet};
use crate::rt::{CancelReason, CancelToken, Clock, ManualClock, Timestamp};
use crate::settlement::{LedgerConfig, MemorySettlement};
use crate::signer::{Domain, LocalSigner, Signer};
use crate::solver::{Solver, SolverConfig};
use crate::wire::auth::v2::v2_headers;

/// Public development keys: they hold nothing anywhere.
pub(super) const CREATOR: &str = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
pub(super) const PROVIDER: &str = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
pub(super) const STRANGER: &str = "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e";
/// The reference's offers (appendix A.1 and A.2) and the deal that they make (A.3).
pub(super) const JOB: &str = r#"{"id":"","created_at":1700000000000,"nonce":"V1StGXR8_Z5jdHi6B-myT","job_creator":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","module":{"name":"","repo":"https://github.com/Lilypad-Tech/lilypad-module-cowsay","hash":"v0.0.4","path":"/lilypad_module.json.tmpl"},"spec":{"gpu":0,"gpus":null,"cpu":1000,"ram":100,"disk":0},"inputs":{"Message":"moo"},"inputFiles":{"required":null,"optional":null},"executionTimeoutSeconds":0,"mode":"MarketPrice","pricing":{"instruction_price":1,"payment_collateral":2,"results_collateral_multiple":2,"mediation_fee":1},"trusted_parties":{"solver":"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC","mediator":["0x90F79bf6EB2c4f870365E785982E1f101E93b906"],"api_host":""},"target":{"address":""}}"#;
pub(super) const JOB_ID: &str = "QmQtq7w7T9drPuJobD2H1jwMdM5zcnifGXphu3QrwPk6A9";
pub(super) const OFFER: &str = r#"{"id":"","created_at":1700000000500,"resource_provider":"0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65","index":0,"spec":{"gpu":1,"gpus":[{"name":"NVIDIA H200","vendor":"NVIDIA","vram":143771}],"cpu":16000,"ram":137438953472,"disk":68719476736},"modules":[],"mode":"FixedPrice","default_pricing":{"instruction_price":1,"payment_collateral":2,"results_collateral_multiple":2,"mediation_fee":1},"module_pricing":{},"trusted_parties":{"solver":"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC","mediator":["0x90F79bf6EB2c4f870365E785982E1f101E93b906"],"api_host":""}}"#;
pub(super) const OFFER_ID: &str = "QmSeyWKT925igXLRcSzNCb9aJwdhtbN8dnmkV3N7asFF3s";
pub(super) const DEAL_ID: &str = "QmX27MJ5WJ3cnfecsdSeRG9P6KD9Dy6GShkn4oURTgrxcH";
pub(super) const NOW: u64 = 1_700_000_001_000;

pub(super) struct World {
    pub(super) hand: ManualClock,
    pub(super) ledger: MemorySettlement,
    market: Option<V2>,
    address: String,
    stop: CancelToken,
    task: tokio::task::JoinHandle<crate::error::Result<()>>,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Bytes,
}

pub(super) fn results() -> FileSet {
    FileSet::from_files([("exitCode", "0"), ("stderr", ""), ("stdout", "moo\n")]).unwrap()
}

/// v2's own settings, but for the rate.
pub(super) fn config() -> V2Config {
    V2Config { requests: 1_000, ..V2Config::default() }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(super) async fn with(config: V2Config) -> Self {
        Self::served(Some(config)).await
    }

    pub(super) async fn served(v2_compat: Option<V2Config>) -> Self {
        let hand = ManualClock::new(Timestamp(NOW));
        let (clock, key) = (Clock::from(hand.clone()), LocalSigner::from_hex(STRANGER).unwrap());
        let ledger = MemorySettlement::with_clock(key.address(), clock.clone(), LedgerConfig::default());
        let settlement = Arc::new(ledger.clone());
        let solver = Solver::new(key.address(), Domain::local(), clock, settlement, SolverConfig::default());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let config = ServerConfig { v2_compat, ..ServerConfig::default() };
        let server = Server::new(solver, ledger.clone(), listener, config).unwrap();
        let (address, market) = (server.local_addr().unwrap().to_string(), server.state.0.v2.clone());
        let stop = CancelToken::new();
        let task = tokio::spawn(server.serve(stop.clone()));
        Self { hand, ledger, market, address, stop, task }
    }

    pub(super) fn market(&self) -> &V2 {
        self.market.as_ref().unwrap()
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &[u8],
        more: &[(&str, &str)],
    ) -> Answer {
        let mut text = format!("{method} /api/v1{path} HTTP/1.1\r\n");
        for (name, value) in [("Host", self.address.as_str()), ("Connection", "close")] {
            if more.iter().all(|(known, _)| *known != name) {
                text += &format!("{name}: {value}\r\n");
            }
        }
        for (name, value) in
            key.map(|key| v2_headers(&LocalSigner::from_hex(key).unwrap())).into_iter().flatten()
        {
            text += &format!("{name}: {value}\r\n");
        }
        for (name, value) in more {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(&[text.as_bytes(), body].concat()).await.unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        let end = got.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(got[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: Bytes::from(got).slice(end + 4..) }
    }

    pub(super) async fn get(&self, key: &str, path: &str) -> Answer {
        self.send("GET", path, Some(key), b"", &[]).await
    }

    pub(super) async fn post(&self, key: &str, path: &str, body: &str) -> Answer {
        self.send("POST", path, Some(key), body.as_bytes(), &[]).await
    }

    /// Makes the deal of the reference.
    pub(super) async fn deal(&self) {
        self.post(PROVIDER, "/resource_offers", OFFER).await;
        self.post(CREATOR, "/job_offers", JOB).await;
        assert_eq!(self.state().await.0, AgreementState::DealAgreed);
    }

    /// The states of the deal and of its job offer.
    pub(super) async fn state(&self) -> (AgreementState, AgreementState) {
        let book = self.market().book();
        let deal = book.deals.values().next().unwrap();
        (deal.container.state, book.jobs[&deal.job].container.state)
    }

    pub(super) async fn end(self) {
        self.stop.cancel(CancelReason::Shutdown);
        self.task.await.unwrap().unwrap();
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
