//! A v2 job creator and a v2 provider on a clock that stands still: the exchanges of the protocol's reference.
//!
//! Ids, offers and headers are those of its appendix A, made by Go; `world` is a served solver.

mod client;
mod money;
mod provider;
mod time;
mod world;

use world::*;

use crate::model::AgreementState;
use crate::wire::{read_archive, write_archive};

#[tokio::test]
async fn a_job_goes_from_offer_to_accepted_result_with_the_ids_that_go_gives() {
    let world = World::new().await;
    let posted = world.post(PROVIDER, "/resource_offers", OFFER).await;
    assert_eq!((posted.status, posted.json()["id"].as_str()), (200, Some(OFFER_ID)));
    assert_eq!(posted.header("content-type"), Some("text/plain; charset=utf-8"));
    let created = "\"resource_provider\":\"0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65\"";
    let begin =
        format!("{{\"id\":\"{OFFER_ID}\",\"deal_id\":\"\",{created},\"state\":0,\"resource_offer\":{{");
    assert!(posted.body.starts_with(begin.as_bytes()) && posted.body.ends_with(b"}}\n"), "{posted:?}");

    let posted = world.post(CREATOR, "/job_offers", JOB).await.json();
    assert_eq!(posted["id"], JOB_ID);
    // The answer says what came in; that it was matched at once, the next one says.
    assert_eq!((&posted["deal_id"], &posted["state"]), (&"".into(), &0.into()));
    let job = world.get(CREATOR, &format!("/job_offers/{JOB_ID}")).await.json();
    assert_eq!((&job["deal_id"], &job["state"]), (&DEAL_ID.into(), &1.into()));

    let path = "/deals?resource_provider=0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65&state=DealAgreed";
    let deals = world.get(PROVIDER, path).await.json();
    assert_eq!(deals[0]["id"], DEAL_ID);
    assert_eq!(deals[0]["deal"]["job_offer"]["inputs"]["Message"], "moo");
    assert_eq!(deals[0]["deal"]["pricing"]["instruction_price"], 1);

    let files = write_archive(&results()).unwrap();
    let path = format!("/deals/{DEAL_ID}/files");
    let uploaded = world.send("POST", &path, Some(PROVIDER), &files, &[]).await;
    let answer = format!(
        "{{\"id\":\"\",\"deal_id\":\"\",\"data_id\":\"{DEAL_ID}\",\"error\":\"\",\"instruction_count\":0,\"results_id\":\"{DEAL_ID}\"}}\n"
    );
    assert_eq!(String::from_utf8_lossy(&uploaded.body), answer);
    assert_eq!(world.state().await, (AgreementState::Uploading, AgreementState::DealAgreed));

    let result = "{\"id\":\"\",\"deal_id\":\"QmOther\",\"data_id\":\"QmData\",\"error\":\"\",\"instruction_count\":1,\"results_id\":\"QmData\"}";
    let said = world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), result).await.json();
    assert_eq!((&said["deal_id"], &said["data_id"]), (&DEAL_ID.into(), &"QmData".into()));
    let noted = world
        .post(PROVIDER, &format!("/deals/{DEAL_ID}/txs/resource_provider"), "{\"add_result\":\"0x\"}")
        .await;
    assert_eq!(noted.json()["transactions"]["resource_provider"]["add_result"], "0x");
    assert_eq!(world.state().await, (AgreementState::ResultsSubmitted, AgreementState::ResultsSubmitted));

    let path = "/deals?job_creator=0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc&state=ResultsSubmitted";
    assert_eq!(world.get(CREATOR, path).await.json()[0]["upload_at"], NOW);
    assert_eq!(world.get(CREATOR, &format!("/deals/{DEAL_ID}/result")).await.json()["instruction_count"], 1);
    let fetched = world.get(CREATOR, &format!("/deals/{DEAL_ID}/files")).await;
    assert_eq!(fetched.header("content-type"), Some("application/x-tar"));
    assert_eq!(fetched.header("content-disposition"), Some("attachment; filename=results.tar"));
    assert_eq!(read_archive(&fetched.body, &Default::default()).unwrap(), results());
    assert_eq!(world.state().await, (AgreementState::Downloading, AgreementState::ResultsSubmitted));
    // Go's job creators accept twice.
    for _ in 0..2 {
        let accepted = world
            .post(CREATOR, &format!("/deals/{DEAL_ID}/txs/job_creator"), "{\"accept_result\":\"0x\"}")
            .await;
        assert_eq!((accepted.status, &accepted.json()["state"]), (200, &3.into()));
    }
    assert_eq!(world.state().await, (AgreementState::ResultsAccepted, AgreementState::ResultsAccepted));
    // The provider offers its machine anew: another moment, another offer.
    let anew = OFFER.replace("1700000000500", "1700000000501");
    assert_eq!(world.post(PROVIDER, "/resource_offers", &anew).await.json()["state"], 0);
    assert_eq!(world.post(PROVIDER, "/resource_offers", &anew.replace("501", "502")).await.body, "null\n");
    world.end().await;
}

#[tokio::test]
async fn refusals_have_the_status_and_the_words_of_v2() {
    let world = World::new().await;
    let refused = |answer: Answer| (answer.status, String::from_utf8(answer.body.to_vec()).unwrap());
    let no_key = |method, path, body: &'static str| world.send(method, path, None, body.as_bytes(), &[]);
    assert_eq!(
        refused(no_key("POST", "/job_offers", "{").await),
        (400, "Error parsing request body\n".into())
    );
    assert_eq!(refused(no_key("POST", "/job_offers", "{}").await), (401, "missing user header\n".into()));
    let other = world.post(PROVIDER, "/job_offers", JOB).await;
    assert_eq!(refused(other), (500, "job creator address does not match signer address\n".into()));
    let old = JOB.replace("1700000000000", "1699999970999");
    let old = refused(world.post(CREATOR, "/job_offers", &old).await);
    assert!(
        old.0 == 500 && old.1.starts_with("job offer rejected because CreatedAt time is not recent, "),
        "{old:?}"
    );
    let market = OFFER.replace("FixedPrice", "MarketPrice");
    assert_eq!(world.post(PROVIDER, "/resource_offers", &market).await.status, 500);
    let alone = OFFER.replace("[\"0x90F79bf6EB2c4f870365E785982E1f101E93b906\"]", "null");
    assert_eq!(world.post(PROVIDER, "/resource_offers", &alone).await.status, 500);
    assert_eq!(refused(world.get(CREATOR, "/deals/Qm").await), (500, "deal not found\n".into()));
    assert_eq!(
        refused(world.get(CREATOR, "/deals?state=X").await),
        (500, "no AgreementState of type X\n".into())
    );
    assert_eq!(world.get(CREATOR, "/job_offers/Qm").await.status, 404);
    assert_eq!(world.get(CREATOR, "/job_offers").await.body, "[]\n");

    world.deal().await;
    let path = |what: &str| format!("/deals/{DEAL_ID}/{what}");
    let early = world.post(CREATOR, &path("txs/job_creator"), "{\"accept_result\":\"0x\"}").await;
    assert_eq!(early.status, 500, "there is nothing to accept yet");
    assert_eq!(refused(world.get(CREATOR, &path("result")).await), (500, "result not found\n".into()));
    assert_eq!(
        world.post(PROVIDER, &path("result"), "{}").await.status,
        500,
        "neither a result nor an error"
    );
    // The routes of files answer every refusal with 500.
    for (key, method) in [(None, "GET"), (None, "POST"), (Some(CREATOR), "POST"), (Some(PROVIDER), "GET")] {
        assert_eq!(world.send(method, &path("files"), key, b"", &[]).await.status, 500, "{method}");
    }
    assert_eq!(world.state().await.0, AgreementState::DealAgreed);
    let result = "{\"data_id\":\"Qm\"}";
    assert_eq!(world.post(CREATOR, &path("result"), result).await.status, 500);
    for _ in 0..2 {
        assert_eq!(
            world.post(PROVIDER, &path("result"), result).await.status,
            200,
            "said twice is said once"
        );
    }
    assert_eq!(world.post(PROVIDER, &path("result"), "{\"data_id\":\"QmOther\"}").await.status, 500);
    assert_eq!(world.post(CREATOR, &path("txs/mediator"), "{}").await.status, 500);
    world.end().await;
}

#[tokio::test]
async fn nobody_but_the_parties_sees_inputs_and_results() {
    let world = World::new().await;
    world.deal().await;
    for (key, seen) in [(Some(CREATOR), true), (Some(PROVIDER), true), (Some(STRANGER), false), (None, false)]
    {
        let deal = world.send("GET", &format!("/deals/{DEAL_ID}"), key, b"", &[]).await.json();
        assert_eq!(deal["deal"]["job_offer"]["inputs"].is_object(), seen, "{key:?}");
        let deals = world.send("GET", "/deals", key, b"", &[]).await.json();
        assert_eq!(deals[0]["deal"]["job_offer"]["inputs"].is_object(), seen, "{key:?}");
    }
    for (key, seen) in [(Some(CREATOR), true), (Some(STRANGER), false), (None, false)] {
        let jobs = world.send("GET", "/job_offers", key, b"", &[]).await.json();
        assert_eq!(jobs[0]["job_offer"]["inputs"].is_object(), seen, "{key:?}");
    }
    world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), "{\"error\":\"private\"}").await;
    let path = format!("/deals/{DEAL_ID}/result");
    for (key, seen) in [(Some(CREATOR), 200), (Some(PROVIDER), 200), (Some(STRANGER), 500), (None, 401)] {
        assert_eq!(world.send("GET", &path, key, b"", &[]).await.status, seen, "{key:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn input_files_reach_the_provider_and_nobody_else() {
    let world = World::new().await;
    world.post(PROVIDER, "/resource_offers", OFFER).await;
    let inputs = write_archive(&results()).unwrap();
    let part = |name: &str| {
        format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
    };
    let mut form =
        format!("--b\r\n{}{JOB}\r\n--b\r\n{}", part("job_offer.json"), part("inputs.tar")).into_bytes();
    form.extend_from_slice(&inputs);
    form.extend_from_slice(b"\r\n--b--\r\n");
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    let path = "/job_offers/with_files";
    assert_eq!(world.send("POST", path, None, &form, &kind).await.status, 401);
    assert_eq!(world.send("POST", path, Some(STRANGER), &form, &kind).await.status, 401);
    assert_eq!(world.send("POST", path, Some(CREATOR), &form[..200], &kind).await.status, 400);
    let before = world.market().book().stored();
    let posted = world.send("POST", path, Some(CREATOR), &form, &kind).await;
    assert_eq!(posted.json()["id"], JOB_ID);
    let held = world.market().book().stored() - before;
    assert_eq!(held, u64::try_from(inputs.len() + JOB.len()).unwrap(), "refused forms hold no room");

    let path = format!("/deals/{DEAL_ID}/input_files");
    assert_eq!(world.get(PROVIDER, &path).await.body, inputs);
    for key in [CREATOR, STRANGER] {
        assert_eq!(world.get(key, &path).await.status, 500);
    }
    world.end().await;
}

#[tokio::test]
async fn a_job_fetched_by_its_offer_is_accepted() {
    let world = World::new().await;
    world.deal().await;
    let files = write_archive(&results()).unwrap();
    let path = format!("/job_offers/{JOB_ID}/files");
    assert_eq!(world.get(CREATOR, &path).await.status, 500, "there are no files yet");
    world.send("POST", &format!("/deals/{DEAL_ID}/files"), Some(PROVIDER), &files, &[]).await;
    assert_eq!(world.get(CREATOR, &path).await.status, 500, "there is no result yet");
    world.post(PROVIDER, &format!("/deals/{DEAL_ID}/result"), "{\"data_id\":\"Qm\"}").await;
    assert_eq!(world.get(STRANGER, &path).await.status, 500);
    assert_eq!(world.state().await.0, AgreementState::ResultsSubmitted);
    assert_eq!(world.get(CREATOR, &path).await.body, files);
    assert_eq!(world.state().await.0, AgreementState::ResultsAccepted);
    world.end().await;
}

#[tokio::test]
async fn of_a_hundred_quick_requests_for_a_path_five_are_answered() {
    let world = World::with(super::V2Config::default()).await;
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..100 {
        let answer = world.get(CREATOR, "/resource_offers").await;
        *statuses.entry(answer.status).or_insert(0) += 1;
        assert_eq!(answer.header("x-ratelimit-limit"), Some("5"));
        assert_eq!(answer.header("x-ratelimit-reset"), Some("1700000010"));
        if answer.status == 429 {
            assert_eq!(answer.body, "Too Many Requests\n");
            assert_eq!(answer.header("retry-after"), Some("10"));
        }
    }
    assert_eq!(statuses, [(200, 5), (429, 95)].into());
    let other = world.get(CREATOR, "/job_offers").await;
    assert_eq!((other.status, other.header("x-ratelimit-remaining")), (200, Some("4")));
    world.end().await;
}

#[tokio::test]
async fn every_path_of_the_list_is_served_and_counted_by_its_name() {
    let world = World::new().await;
    for path in super::PATHS {
        let asked = path.strip_prefix("/api/v1").unwrap().replace("{id}", JOB_ID);
        let answer = world.get(CREATOR, &asked).await;
        // Either an answer of v2's own, which is text, or that the path takes another method.
        let own = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain"));
        assert!(own || answer.status == 405, "{path}: {answer:?}");
    }
    world.end().await;
}
