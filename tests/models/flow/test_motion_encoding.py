import numpy as np
import pytest
import torch

from vsod_models.flow import estimator
from vsod_models.flow.dis import DIS
from vsod_models.flow.motion_encoding import dominant_motion, encode_motion, robust_peak, split_camera_motion
from vsod_models.training.data.augmentation import encode_motion_tensor as encode_tensor


def affine(h, w, a=0.02, shift=(3.0, -1.5)):
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return np.stack((shift[0] + a * x, shift[1] - a * y), 2).astype(np.float32)


def texture(h, w, seed=0):
    rng = np.random.default_rng(seed)
    import cv2

    noise = cv2.GaussianBlur(rng.random((h, w, 3), np.float32), (0, 0), 2)
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    return (noise * 255).astype(np.uint8)


def test_dis_finds_a_known_shift():
    first = texture(120, 200)
    second = np.roll(first, (3, 5), (0, 1))
    flow = DIS()(first, second)
    assert flow.shape == (120, 200, 2) and flow.dtype == np.float32
    assert np.abs(np.median(flow[20:-20, 20:-20].reshape(-1, 2), 0) - (5, 3)).max() < 0.2


def test_tiny_pictures_have_no_flow():
    tiny = np.zeros((2, 9, 3), np.uint8)
    assert not DIS()(tiny, tiny).any()


def test_unknown_estimator():
    with pytest.raises(ValueError, match="dis or raft"):
        estimator("lucas")


def test_camera_motion_is_found_through_a_moving_subject():
    flow = affine(108, 192)
    camera = flow.copy()
    flow[30:80, 60:120] += (9, 4)
    found = dominant_motion(flow)
    assert np.abs(found - camera).max() < 0.25
    residual = split_camera_motion(flow)[..., 2:]
    magnitude = np.hypot(residual[..., 0], residual[..., 1])
    inside, outside = magnitude[18:37, 33:57], np.r_[magnitude[:10].ravel(), magnitude[45:].ravel()]
    assert inside.min() > 9 and outside.max() < 0.3


def test_encoding_is_bounded_and_marks_presence():
    m = encode_motion(affine(108, 192) * 100, 108, 192)
    assert m.shape == (6, 54, 96) and np.abs(m).max() <= 2 and (m[5] == 1).all()
    assert not encode_motion(None, 108, 192).any()


def test_noise_below_a_pixel_is_not_blown_up():
    noise = np.random.default_rng(0).normal(0, 0.05, (108, 192, 2)).astype(np.float32)
    assert np.abs(encode_motion(noise, 108, 192)[:5]).max() < 0.2


def test_peak_ignores_a_single_wild_pixel():
    m = np.ones((40, 40), np.float32)
    m[7, 7] = 100
    assert robust_peak(m) == pytest.approx((15 + 100) / 16)
    assert robust_peak(np.zeros((2, 2), np.float32)) == 0


def test_numpy_and_tensor_encoding_agree():
    rng = np.random.default_rng(1)
    flow = affine(112, 192)
    flow[40:70, 50:90] += rng.normal(4, 1, (30, 40, 2)).astype(np.float32)
    ours = encode_motion(flow, 112, 192)
    theirs = encode_tensor(torch.from_numpy(split_camera_motion(flow)).permute(2, 0, 1)[None])[0].numpy()
    assert np.abs(ours - theirs).max() < 1e-5
